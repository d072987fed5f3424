// SPDX-License-Identifier: MIT
#include "hostiletexts.h"

#include "layout.h"

using namespace Qt::StringLiterals;

namespace EtcdRegistry {
namespace {

QString fromUcs4(char32_t c)
{
    return QString::fromUcs4(&c, 1);
}

QList<HostileText> made()
{
    QList<HostileText> texts{
        {"command", u"$(touch${IFS}harmed)"_s},
        {"command and blanks", u"$(touch harmed; echo x)"_s},
        {"backticks", u"`touch${IFS}harmed`"_s},
        {"end of a line", u"x; touch harmed"_s},
        {"background", u"x & touch harmed"_s},
        {"redirection", u"x >harmed"_s},
        {"newline and command", u"x\ntouch harmed\ny"_s},
        {"end of a document", u"x\nEND\ntouch harmed\n"_s},
        {"single quote", u"it's"_s},
        {"closes single quotes", u"';touch harmed;'"_s},
        {"closes double quotes", u"\";touch harmed;\""_s},
        {"closes both", u"'\"'\"`touch harmed`'\"'"_s},
        {"backslash", u"a\\b\\"_s},
        {"backslash and quote", u"\\';touch harmed;\\'"_s},
        {"variable", u"$HOME ${HOME} $IFS"_s},
        {"arithmetic", u"$((1+1)) $[1+1]"_s},
        {"ANSI-C quotes", u"$'\\x41'"_s},
        {"braces", u"{a,b}{1..3}"_s},
        {"glob", u"*"_s},
        {"globs", u"[a-z]* ? **/ (x|y) ^x #y"_s},
        {"tilde", u"~"_s},
        {"user's home", u"~root/x"_s},
        {"equals", u"=ls"_s},
        {"zsh's flags", u"${(e)x} $x[1] x(e:touch harmed:)"_s},
        {"history", u"!! !$ !-1 ^a^b"_s},
        {"history in quotes", u"\"!!\""_s},
        {"comment", u"#x"_s},
        {"blanks", u"  a  b  "_s},
        {"colons", u"a:b::c"_s},
        {"word breaks", u"a=b@c>d<e|f;g(h)&i"_s},
        {"percent", u"%s%n%1%2 %99"_s},
        {"option", u"--purge"_s},
        {"letter", u"-e"_s},
        {"dashes", u"--"_s},
        {"slashes", u"../../etc/passwd"_s},
        {"tab", u"a\tb"_s},
        {"return", u"a\rb"_s},
        {"NUL", u"a"_s + QChar(0) + u"b"_s},
        {"escape", u"\x1b[31mred\x1b]0;title\x07\x1b[2J"_s},
        {"C1", u"a\u009b31mb\u0085c\u009d0;x\u009c"_s},
        {"delete", u"a\x7f\x08\x08"_s},
        {"override", u"http://\u202emoc.live"_s},
        {"embeddings and isolates", u"\u202aa\u202bb\u202dc\u202cd\u2066e\u2067f\u2068g\u2069"_s},
        {"marks", u"a\u200eb\u200fc\u061cd"_s},
        {"zero width", u"pay\u200bment\u200c\u200d\u2060\ufeff\u00ad"_s},
        {"fillers", u"a\u115f\u1160\u3164\uffa0\u034fb\u17b4\u180e"_s},
        {"selectors", u"a\ufe0f\U000e0100b"_s},
        {"tags", u"a\U000e0001\U000e0061\U000e007f"_s},
        {"separators", u"a\u2028b\u2029c"_s},
        {"lone surrogates", u"a"_s + QChar(0xd800) + u"b"_s + QChar(0xdc00)},
        {"private use", u"\ue000\U000f0000"_s},
        {"HTML", u"<b>bold</b><br>"_s},
        {"picture", u"<img src=\"file:///dev/zero\">"_s},
        {"link", u"<a href=\"file:///etc/passwd\">x</a>"_s},
        {"style", u"<html><style>*{font-size:400px}</style><h1>x"_s},
        {"page", u"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"_s},
        {"table", u"<table border=9><tr><td>x"_s},
        {"script", u"</script><script>alert(1)</script><!--"_s},
        {"template", u"`${process.exit(1)}`"_s},
        {"entity", u"&lt;b&gt; &amp; &#0;"_s},
        {"mnemonic", u"&File && x"_s},
        {"modified", u"[*]"_s},
        {"formula", u"=HYPERLINK(\"http://127.0.0.1/\",\"x\")"_s},
        {"JSON", u"\",\"url\":\"http://127.0.0.1:1\""_s},
        {"JavaScript's URL", u"javascript:alert(1)"_s},
        {"file's URL", u"file:///etc/passwd"_s},
        {"number", u"1e999"_s},
        {"stacked", u"Z"_s + QString(500, QChar(0x0301))},
        {"right to left", u"שלום/عالم"_s},
        {"long", QString(1 << 20, u'x')},
        {"long and wide", QString(1 << 19, QChar(0x8f66))},
        {"lines", u"x\n"_s.repeated(100000)},
    };
    for (char32_t plane = 0; plane <= 16; ++plane) {
        QString text;
        for (char32_t c = plane << 16; c < (plane + 1) << 16; c += plane == 0 ? 251 : 4093)
            text += fromUcs4(c); // in the first plane surrogates among them
        texts.append({"plane " + QByteArray::number(int(plane)), text});
    }
    return texts;
}

} // namespace

const QList<HostileText> &hostileTexts()
{
    static const QList<HostileText> texts = made();
    return texts;
}

Instance hostileInstance(const QString &text)
{
    const QByteArray quoted = Json::quoted(text);
    const QByteArray document = Json::object({{text, quoted},
                                              {u"name"_s, quoted},
                                              {u"hostname"_s, quoted},
                                              {u"host"_s, quoted},
                                              {u"port"_s, quoted},
                                              {u"url"_s, quoted}});
    Instance instance = Layout::decode(
        {.key = u"services/shop/%1/0123"_s.arg(text), .value = document}, Api::V3, {});
    instance.nameSpace = text;
    instance.hasTtl = true;
    instance.ttl = std::chrono::seconds(10);
    return instance;
}

Instance brokenInstance(const QByteArray &value)
{
    return Layout::decode({.key = u"services/shop/broken/0123"_s, .value = value}, Api::V3, {});
}

Instance instanceWithFields(int count)
{
    Json::Fields fields{{u"name"_s, "\"many\""}};
    for (int i = 0; i < count; ++i)
        fields.append({u"field%1"_s.arg(i), QByteArray::number(i)});
    return Layout::decode({.key = u"services/shop/many/0123"_s, .value = Json::object(fields)},
                          Api::V3, {});
}

QString harmIn(const QString &text, bool ofLines)
{
    if (!text.isValidUtf16())
        return u"half a pair"_s;
    for (const char32_t c : text.toUcs4()) {
        const auto category = QChar::category(c);
        const bool isLine = ofLines && (c == U'\n' || c == U'\t');
        const bool isIgnorable = c == 0x34f || c == 0x115f || c == 0x1160 || c == 0x3164
                                 || c == 0xffa0 || (c >= 0xfe00 && c <= 0xfe0f)
                                 || (c >= 0xe0000 && c <= 0xe0fff);
        if (((!QChar::isPrint(c) || category == QChar::Separator_Line
              || category == QChar::Separator_Paragraph)
             && !isLine)
            || isIgnorable)
            return u"U+%1"_s.arg(QString::number(c, 16));
    }
    return {};
}

} // namespace EtcdRegistry
