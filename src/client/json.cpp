// SPDX-License-Identifier: MIT
#include "json.h"

#include <QCoreApplication>

#include <algorithm>
#include <cctype>
#include <limits>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Json {
namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Json)
};

constexpr int deepest = 1000;         // levels; it bounds the stack
constexpr int deepestIndent = 32;     // levels; a megabyte of them would become gigabytes of blanks
constexpr qsizetype mostViews = 1000; // in an object; views take more room than what they show

bool isBlank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// Of the string with which the text begins, with its quotes.
qsizetype stringSize(QByteArrayView text)
{
    qsizetype size = 1;
    while (size < text.size() && text[size] != '"')
        size += text[size] == '\\' ? 2 : 1;
    return qMin(size + 1, text.size());
}

/// Walks a text by the grammar of RFC 8259, which is also that of JavaScript's JSON.parse: what
/// it refuses every other client would skip. (QJsonDocument lets "\x", "1." and line breaks in
/// strings pass, and takes several times as long.)
class Parser
{
public:
    explicit Parser(QByteArrayView text)
        : m_text(text)
        , m_at(text.begin())
    {}

    template <typename Visit>
    bool object(const Visit &visit)
    {
        if (!m_text.isValidUtf8())
            return fail(Text::tr("not UTF-8"));
        skipBlanks();
        if (m_at == m_text.end() || *m_at != '{')
            return value(1) && atEnd() && fail({});
        return members(1, visit) && atEnd();
    }

    template <typename Visit>
    void array(const Visit &visit)
    {
        skipBlanks();
        if (m_at != m_text.end() && *m_at == '[')
            elements(1, visit);
    }

    bool any()
    {
        return (m_text.isValidUtf8() || fail(Text::tr("not UTF-8"))) && value(1) && atEnd();
    }

    bool objects(const ObjectVisitor &visit)
    {
        m_visitObject = &visit;
        return any();
    }

    /// Empty if it is JSON, but no object.
    QString reason() const { return m_reason; }
    qsizetype offset() const { return m_at - m_text.begin(); }

private:
    bool fail(const QString &reason)
    {
        m_reason = reason;
        return false;
    }

    void skipBlanks()
    {
        while (m_at != m_text.end() && isBlank(*m_at))
            ++m_at;
    }

    bool skip(char c)
    {
        skipBlanks();
        if (m_at == m_text.end() || *m_at != c)
            return false;
        ++m_at;
        return true;
    }

    bool atEnd()
    {
        skipBlanks();
        return m_at == m_text.end() || fail(Text::tr("something follows its end"));
    }

    bool value(int depth)
    {
        skipBlanks();
        if (m_at == m_text.end())
            return fail(Text::tr("a value is missing"));
        switch (*m_at) {
        case '{':
            return nestedObject(depth);
        case '[':
            return elements(depth, [](QByteArrayView) {});
        case '"':
            return string();
        case 't':
            return literal("true");
        case 'f':
            return literal("false");
        case 'n':
            return literal("null");
        default:
            return number();
        }
    }

    bool nestedObject(int depth)
    {
        if (!m_visitObject)
            return members(depth, [](QByteArrayView, QByteArrayView) {});
        Views views;
        const auto collect = [&views](QByteArrayView name, QByteArrayView value) {
            if (value.front() != '{' && value.front() != '[' && views.size() <= mostViews)
                views.append({name, value});
        };
        if (!members(depth, collect))
            return false;
        if (views.size() > mostViews)
            return fail(Text::tr("too many fields"));
        (*m_visitObject)(views);
        return true;
    }

    template <typename Visit>
    bool members(int depth, const Visit &visit)
    {
        if (depth > deepest)
            return fail(Text::tr("too many levels"));
        ++m_at; // the brace
        if (skip('}'))
            return true;
        do {
            skipBlanks();
            const auto *name = m_at;
            if (m_at == m_text.end() || *m_at != '"')
                return fail(Text::tr("a name in double quotes is missing"));
            if (!string())
                return false;
            const auto *nameEnd = m_at;
            if (!skip(':'))
                return fail(Text::tr("a colon is missing"));
            skipBlanks();
            const auto *begin = m_at;
            if (!value(depth + 1))
                return false;
            visit(QByteArrayView(name, nameEnd), QByteArrayView(begin, m_at));
        } while (skip(','));
        return skip('}') || fail(Text::tr("a comma or } is missing"));
    }

    template <typename Visit>
    bool elements(int depth, const Visit &visit)
    {
        if (depth > deepest)
            return fail(Text::tr("too many levels"));
        ++m_at; // the bracket
        if (skip(']'))
            return true;
        do {
            skipBlanks();
            const auto *begin = m_at;
            if (!value(depth + 1))
                return false;
            visit(QByteArrayView(begin, m_at));
        } while (skip(','));
        return skip(']') || fail(Text::tr("a comma or ] is missing"));
    }

    bool string()
    {
        for (++m_at; m_at != m_text.end(); ++m_at) {
            if (*m_at == '"') {
                ++m_at;
                return true;
            }
            if (uchar(*m_at) < ' ')
                return fail(Text::tr("a control character in a string must be escaped"));
            if (*m_at == '\\' && !escape())
                return fail(Text::tr("there is no such escape"));
        }
        return fail(Text::tr("a string has no end"));
    }

    /// From the backslash to the last character of the escape.
    bool escape()
    {
        if (++m_at == m_text.end())
            return false;
        if (*m_at != 'u')
            return QByteArrayView("\"\\/bfnrt").contains(*m_at);
        for (int i = 0; i < 4; ++i) {
            if (++m_at == m_text.end() || !std::isxdigit(uchar(*m_at)))
                return false;
        }
        return true;
    }

    bool literal(QByteArrayView word)
    {
        if (!QByteArrayView(m_at, m_text.end()).startsWith(word))
            return fail(Text::tr("this is no value"));
        m_at += word.size();
        return true;
    }

    bool number()
    {
        const auto digits = [this] {
            const auto *begin = m_at;
            while (m_at != m_text.end() && *m_at >= '0' && *m_at <= '9')
                ++m_at;
            return m_at - begin;
        };
        const auto take = [this](QByteArrayView signs) {
            const bool taken = m_at != m_text.end() && signs.contains(*m_at);
            m_at += taken;
            return taken;
        };
        take("-");
        const bool zero = m_at != m_text.end() && *m_at == '0';
        const auto whole = digits();
        if (whole == 0)
            return fail(Text::tr("this is no value"));
        if (zero && whole > 1)
            return fail(Text::tr("a number begins with a zero"));
        if (take(".") && digits() == 0)
            return fail(Text::tr("digits are missing"));
        if (take("eE")) {
            take("+-");
            if (digits() == 0)
                return fail(Text::tr("digits are missing"));
        }
        return true;
    }

    QByteArrayView m_text;
    const char *m_at;
    const ObjectVisitor *m_visitObject = nullptr;
    QString m_reason;
};

/// What a backslash and this letter stand for.
char characterOf(char escape)
{
    const auto at = QByteArrayView("bfnrt").indexOf(escape);
    return at < 0 ? escape : "\b\f\n\r\t"[at];
}

Error notAnObject(const Parser &parser, QByteArrayView text)
{
    if (parser.reason().isEmpty()) {
        return {.code = Error::Code::InvalidArgument,
                .detail = Text::tr("The document must be a JSON object, such as %1.")
                              .arg(uR"({"port": 8080})"_s)};
    }
    const auto [line, column] = position(text, parser.offset());
    return {.code = Error::Code::InvalidArgument,
            .detail = Text::tr("The document is not valid JSON: %1, at line %2, column %3.")
                          .arg(parser.reason())
                          .arg(line)
                          .arg(column)};
}

} // namespace

Result<void> forEachField(QByteArrayView text, const FieldVisitor &visit)
{
    Parser parser(text);
    if (!parser.object(visit))
        return notAnObject(parser, text);
    return {};
}

void forEachElement(QByteArrayView text, const ElementVisitor &visit)
{
    Parser(text).array(visit);
}

std::optional<Fault> fault(QByteArrayView text)
{
    Parser parser(text);
    return parser.any() ? std::nullopt : std::optional(Fault{parser.reason(), parser.offset()});
}

Position position(QByteArrayView text, qsizetype offset)
{
    const auto before = text.first(offset);
    // Not by lastIndexOf(), which in Qt 6.8 and 6.11 looks behind the end of an empty view.
    const auto line = std::find(before.rbegin(), before.rend(), '\n').base();
    qsizetype column = 1; // without a copy: the text may have 256 MiB
    for (const uchar c : QByteArrayView(line, before.end()))
        column += c >= 0xf0 ? 2 : (c & 0xc0) != 0x80;
    return {std::count(before.begin(), before.end(), '\n') + 1, column};
}

Result<void> forEachObject(QByteArrayView text, const ObjectVisitor &visit)
{
    Parser parser(text);
    if (!parser.objects(visit))
        return notAnObject(parser, text);
    return {};
}

Result<Fields> fields(const QByteArray &text)
{
    Fields result;
    const auto read = forEachField(text, [&](QByteArrayView name, QByteArrayView value) {
        const bool nested = value.startsWith('{') || value.startsWith('[');
        result.append({Json::text(name), nested ? compact(value) : value.toByteArray()});
    });
    if (!read)
        return read.error();
    return result;
}

QByteArray object(const Fields &fields)
{
    QByteArray result("{");
    for (const auto &field : fields) {
        if (result.size() > 1)
            result += ',';
        result += quoted(field.name) + ':' + field.value;
    }
    return result + '}';
}

QByteArray compact(QByteArrayView text)
{
    QByteArray result;
    result.reserve(text.size());
    for (auto rest = text; !rest.isEmpty();) {
        const auto token = rest.first(rest.front() == '"' ? stringSize(rest) : 1);
        if (!isBlank(token.front()))
            result.append(token);
        rest = rest.sliced(token.size());
    }
    return result;
}

QByteArray indented(QByteArrayView text)
{
    QByteArray result;
    int depth = 0;
    bool opened = false; // what came last opened an object or array
    const auto newLine = [&] { result += '\n' + QByteArray(2 * qMin(depth, deepestIndent), ' '); };
    for (auto rest = text; !rest.isEmpty();) {
        const char c = rest.front();
        const auto token = rest.first(c == '"' ? stringSize(rest) : 1);
        rest = rest.sliced(token.size());
        if (isBlank(c))
            continue;
        const bool closes = c == '}' || c == ']';
        depth -= closes;
        if (opened != closes)
            newLine();
        result.append(token);
        opened = c == '{' || c == '[';
        depth += opened;
        if (c == ',')
            newLine();
        else if (c == ':')
            result += ' ';
    }
    return result;
}

QByteArray quoted(const QString &text)
{
    QByteArray result("\"");
    for (auto it = text.begin(); it != text.end(); ++it) {
        const auto escape = QLatin1StringView("\b\f\n\r\t\"\\").indexOf(*it);
        if (escape >= 0) {
            result += '\\';
            result += "bfnrt\"\\"[escape];
        } else if (it->isHighSurrogate() && it + 1 != text.end() && (it + 1)->isLowSurrogate()) {
            result += QStringView(it, 2).toUtf8();
            ++it;
        } else if (it->unicode() < ' ' || it->isSurrogate()) {
            result += "\\u" + QByteArray::number(it->unicode(), 16).rightJustified(4, '0');
        } else {
            result += QStringView(it, 1).toUtf8();
        }
    }
    return result + '"';
}

QByteArray unescaped(QByteArrayView literal)
{
    const auto rest = literal.sliced(1).chopped(1);
    QByteArray result(rest.size(), Qt::Uninitialized);
    auto *to = result.begin();
    for (const auto *from = rest.begin(); from != rest.end(); ++from) {
        const bool isEscape = *from == '\\';
        if (isEscape && *++from == 'u') // two of these may stand for one character
            return text(literal).toUtf8();
        *to++ = isEscape ? characterOf(*from) : *from;
    }
    result.truncate(to - result.begin());
    return result;
}

QString text(QByteArrayView value)
{
    if (!value.startsWith('"'))
        return QString::fromUtf8(value);
    // Behind its quote a byte order mark is a character like others; without it would be dropped.
    const auto characters = QString::fromUtf8(value.chopped(1)).sliced(1);
    QStringView rest(characters);
    QString result;
    for (auto at = rest.indexOf(u'\\'); at >= 0; at = rest.indexOf(u'\\')) {
        result += rest.first(at);
        const bool isCode = rest[at + 1] == u'u';
        result += isCode ? QChar(rest.sliced(at + 2, 4).toUShort(nullptr, 16))
                         : QChar::fromLatin1(characterOf(rest[at + 1].toLatin1()));
        rest = rest.sliced(at + (isCode ? 6 : 2));
    }
    return result.isEmpty() ? characters : result += rest;
}

qint64 integer(QByteArrayView value)
{
    constexpr qint64 most = std::numeric_limits<qint64>::max() / 2;
    const bool isText = value.startsWith('"');
    return std::clamp((isText ? value.sliced(1).chopped(1) : value).toLongLong(), -most, most);
}

QByteArray valueFromInput(const QString &input)
{
    // In a field of its own, as fields() takes only objects; a comma would make two of it.
    const auto document = fields("{\"value\":" + input.toUtf8() + '}');
    return document && document->size() == 1 ? document->front().value : quoted(input);
}

} // namespace EtcdRegistry::Json
