// SPDX-License-Identifier: MIT
#include "json.h"

#include <QCoreApplication>
#include <QJsonDocument>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Json {
namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Json)
};

/// The tokens of a text one after the other, as views of it. On text that is not JSON they are
/// meaningless, but it ends.
class Scanner
{
public:
    explicit Scanner(QByteArrayView text)
        : m_text(text)
    {
        if (m_text.startsWith("\xEF\xBB\xBF"))
            m_at = 3;
    }

    /// Where the token that next() returned last begins.
    qsizetype offset() const { return m_start; }

    /// Empty at the end.
    QByteArrayView next()
    {
        while (m_at < m_text.size() && isBlank(m_text[m_at]))
            ++m_at;
        m_start = m_at;
        if (m_at == m_text.size())
            return {};
        const char first = m_text[m_at++];
        if (first == '"') {
            while (m_at < m_text.size() && m_text[m_at] != '"')
                m_at += m_text[m_at] == '\\' ? 2 : 1;
            m_at = qMin(m_at + 1, m_text.size());
        } else if (!isPunctuation(first)) {
            while (m_at < m_text.size() && !isBlank(m_text[m_at]) && !isPunctuation(m_text[m_at]))
                ++m_at;
        }
        return m_text.sliced(m_start, m_at - m_start);
    }

private:
    static bool isBlank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
    static bool isPunctuation(char c)
    {
        return c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':';
    }

    QByteArrayView m_text;
    qsizetype m_at = 0;
    qsizetype m_start = 0;
};

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isNumber(QByteArrayView token)
{
    auto it = token.begin();
    const auto digits = [&] {
        const auto begin = it;
        while (it != token.end() && isDigit(*it))
            ++it;
        return it - begin;
    };
    if (it != token.end() && *it == '-')
        ++it;
    const bool zero = it != token.end() && *it == '0';
    const auto whole = digits();
    if (whole == 0 || (zero && whole > 1))
        return false;
    if (it != token.end() && *it == '.') {
        ++it;
        if (digits() == 0)
            return false;
    }
    if (it != token.end() && (*it == 'e' || *it == 'E')) {
        ++it;
        if (it != token.end() && (*it == '+' || *it == '-'))
            ++it;
        if (digits() == 0)
            return false;
    }
    return it == token.end();
}

bool isString(QByteArrayView token)
{
    for (qsizetype i = 1; i < token.size() - 1; ++i) {
        if (uchar(token[i]) < ' ')
            return false;
        if (token[i] == '\\' && !QByteArrayView("\"\\/bfnrtu").contains(token[++i]))
            return false;
    }
    return true;
}

/// What is wrong with a token that QJsonDocument let pass: it takes "\x", "1.", ".5" and line
/// breaks in strings, where JavaScript's JSON.parse fails and so every other client would skip the
/// document.
QString flaw(QByteArrayView token)
{
    if (token.startsWith('"'))
        return isString(token) ? QString() : Text::tr("illegal character in a string");
    if (QByteArrayView("{}[],:tfn").contains(token.front())) // t, f, n: the literals
        return {};
    return isNumber(token) ? QString() : Text::tr("illegal number");
}

Error invalid(QByteArrayView text, qsizetype offset, const QString &reason)
{
    const auto before = text.first(qBound(qsizetype(0), offset, text.size()));
    const auto lineStart = before.lastIndexOf('\n') + 1;
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const auto column = QString::fromUtf8(before.sliced(lineStart)).size() + 1;
    return {.code = Error::Code::InvalidArgument,
            .detail = Text::tr("The document is not valid JSON: %1 at line %2, column %3.")
                          .arg(reason)
                          .arg(line)
                          .arg(column)};
}

/// Nothing if the text is one JSON object or array.
std::optional<Error> check(const QByteArray &text)
{
    QJsonParseError error;
    QJsonDocument::fromJson(text, &error);
    if (error.error != QJsonParseError::NoError)
        return invalid(text, error.offset, error.errorString());
    Scanner scanner(text);
    for (auto token = scanner.next(); !token.isEmpty(); token = scanner.next()) {
        if (const auto reason = flaw(token); !reason.isEmpty())
            return invalid(text, scanner.offset(), reason);
    }
    return {};
}

} // namespace

Result<Fields> fields(const QByteArray &text)
{
    if (const auto error = check(text))
        return *error;
    Scanner scanner(text);
    if (scanner.next() != "{")
        return Error{.code = Error::Code::InvalidArgument,
                     .detail = Text::tr("The document must be a JSON object, such as %1.")
                                   .arg(uR"({"port": 8080})"_s)};
    Fields result;
    for (auto token = scanner.next(); token != "}"; token = scanner.next()) {
        if (token == ",")
            token = scanner.next();
        const auto name = Json::text(QByteArray::fromRawData(token.data(), token.size()));
        scanner.next(); // the colon
        token = scanner.next();
        const auto begin = scanner.offset();
        const bool nested = token == "{" || token == "[";
        for (int depth = nested; depth > 0;) {
            token = scanner.next();
            depth += token == "{" || token == "[";
            depth -= token == "}" || token == "]";
        }
        const auto value = text.sliced(begin, scanner.offset() + token.size() - begin);
        result.append({name, nested ? compact(value) : value});
    }
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

QByteArray compact(const QByteArray &text)
{
    QByteArray result;
    result.reserve(text.size());
    Scanner scanner(text);
    for (auto token = scanner.next(); !token.isEmpty(); token = scanner.next())
        result.append(token);
    return result;
}

QByteArray indented(const QByteArray &text)
{
    QByteArray result;
    int depth = 0;
    bool opened = false; // the token before this one opened an object or array
    Scanner scanner(text);
    const auto newLine = [&] { result += '\n' + QByteArray(2 * depth, ' '); };
    for (auto token = scanner.next(); !token.isEmpty(); token = scanner.next()) {
        const bool closes = token == "}" || token == "]";
        depth -= closes;
        if (opened != closes)
            newLine();
        result.append(token);
        opened = token == "{" || token == "[";
        depth += opened;
        if (token == ",")
            newLine();
        else if (token == ":")
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

QString text(const QByteArray &value)
{
    if (!value.startsWith('"'))
        return QString::fromUtf8(value);
    const auto characters = QString::fromUtf8(QByteArrayView(value).sliced(1).chopped(1));
    if (!characters.contains(u'\\'))
        return characters;
    QString result;
    result.reserve(characters.size());
    for (qsizetype i = 0; i < characters.size(); ++i) {
        if (characters[i] != u'\\') {
            result += characters[i];
        } else if (characters[++i] == u'u') {
            result += QChar(QStringView(characters).mid(i + 1, 4).toUShort(nullptr, 16));
            i += 4;
        } else {
            const auto escape = QLatin1StringView("bfnrt").indexOf(characters[i]);
            result += escape < 0 ? characters[i] : QChar::fromLatin1("\b\f\n\r\t"[escape]);
        }
    }
    return result;
}

QByteArray valueFromInput(const QString &input)
{
    // In a field of its own, as fields() takes only objects; a comma would make two of it.
    const auto document = fields("{\"value\":" + input.toUtf8() + '}');
    return document && document->size() == 1 ? document->front().value : quoted(input);
}

} // namespace EtcdRegistry::Json
