// SPDX-License-Identifier: MIT
#include "instancefilter.h"

#include "json.h"

#include <QCoreApplication>

#include <algorithm>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::InstanceFilter)
};

/// Where what begins with a slash or a quote at `from` ends, by another one; -1: it does not.
qsizetype closing(QStringView text, qsizetype from)
{
    for (qsizetype at = from + 1; at < text.size(); ++at) {
        if (text[at] == text[from] && text[at - 1] != u'\\')
            return at;
    }
    return -1;
}

bool isBracket(QChar c)
{
    return c == u'/' || c == u'"';
}

/// Cuts the next term off the text: a regular expression and what is quoted end with their slash or
/// quote, others at a blank. What is unfinished is a text like any other.
QString takeTerm(QStringView &text)
{
    const qsizetype start = text.startsWith(u'!') ? 1 : 0;
    qsizetype blank = text.indexOf(u' ');
    if (blank < 0)
        blank = text.size();
    qsizetype end = -1;
    if (text.size() > start && isBracket(text[start])) {
        end = closing(text, start);
    } else if (const auto value = text.indexOf(u':', start) + 1;
               value > start + 1 && value < blank && isBracket(text[value])) {
        end = closing(text, value);
        const bool isValue = end + 1 == text.size() || (end > 0 && text[end + 1] == u' ');
        if (!isValue || end == value + 1) // a path, or the two slashes of a URL
            end = -1;
    }
    end = end < 0 ? blank : end + 1;
    const QString term = text.first(end).toString();
    text = text.sliced(end).trimmed();
    return term;
}

bool isEnclosed(const QString &text, QChar in)
{
    return text.size() > 2 && text.startsWith(in) && text.endsWith(in);
}

/// Whether the needle, in lower-case ASCII, is in the text, letters whatever their case. Blocks of
/// the text that have no place for its first and its last character are passed over as a whole,
/// by loops without a way out, which compilers turn into vector instructions.
template <typename Char>
bool containsAscii(const Char *text, qsizetype size, QByteArrayView needle)
{
    constexpr qsizetype block = 32;
    if (needle.isEmpty())
        return true;
    const auto caseBit = [](char c) { return Char(c >= 'a' && c <= 'z' ? 0x20 : 0); };
    const auto isAt = [&](const Char *at) {
        return std::equal(needle.begin(), needle.end(), at,
                          [&](char of, Char c) { return (c | caseBit(of)) == of; });
    };
    const Char first = needle.front(), firstBit = caseBit(needle.front());
    const Char last = needle.back(), lastBit = caseBit(needle.back());
    const Char *const end = text + std::max<qsizetype>(size - needle.size() + 1, 0);
    for (; end - text >= block; text += block) {
        const Char *const back = text + needle.size() - 1;
        Char found = 0;
        for (qsizetype i = 0; i < block; ++i)
            found |=
                Char(Char(text[i] | firstBit) == first) & Char(Char(back[i] | lastBit) == last);
        for (qsizetype i = 0; found && i < block; ++i) {
            if (isAt(text + i))
                return true;
        }
    }
    for (; text < end; ++text) {
        if (isAt(text))
            return true;
    }
    return false;
}

template <typename Char>
bool isAscii(const Char *text, qsizetype size)
{
    Char all = 0;
    for (qsizetype i = 0; i < size; ++i)
        all |= text[i];
    return !(all & ~0x7f);
}

/// Calls `test` with each text in which a term without a field is looked for, until one passes:
/// the document first, as it has most of what the others have.
template <typename Test>
bool anyText(const Instance &instance, Test test)
{
    return test(QByteArrayView(instance.document)) || test(QStringView(instance.key))
           || test(QStringView(instance.service)) || test(QStringView(instance.nameSpace))
           || test(QStringView(instance.host)) || test(QStringView(instance.url));
}

/// What instances have without a document; null: no such fact.
QString factText(const Row &row, const QString &name)
{
    const Instance &instance = *row.instance;
    const auto is = [&name](QStringView fact) {
        return name.size() == fact.size() && name.compare(fact, Qt::CaseInsensitive) == 0;
    };
    if (is(u"state"))
        return stateName(row.state);
    if (is(u"store"))
        return instance.api == Api::V2 ? u"v2"_s : u"v3"_s;
    if (is(u"service"))
        return instance.service;
    if (is(u"namespace"))
        return instance.nameSpace;
    if (is(u"key"))
        return instance.key;
    if (is(u"host"))
        return instance.host;
    if (is(u"port"))
        return instance.port;
    if (is(u"url"))
        return instance.url;
    return {};
}

/// The raw value of the document's first field with this name; null: there is none.
QByteArrayView fieldValue(const QByteArray &document, const QString &name)
{
    QByteArrayView found;
    const auto visit = [&](QByteArrayView literal, QByteArrayView value) {
        // Without escapes, names can't be the same if they are shorter.
        if (found.isNull() && literal.size() - 2 >= name.size()
            && Json::text(literal).compare(name, Qt::CaseInsensitive) == 0)
            found = value;
    };
    return Json::forEachField(document, visit) ? found : QByteArrayView();
}

} // namespace

InstanceFilter::Needle::Needle(const QString &text)
    : m_text(text)
{
    QByteArray part;
    for (const QChar each : text) {
        const QChar c = each.toCaseFolded();
        const bool ascii = c.unicode() < 0x80;
        part = ascii ? part + c.toLatin1() : QByteArray();
        m_isAscii = m_isAscii && ascii;
        if (part.size() > m_ascii.size())
            m_ascii = part;
    }
}

bool InstanceFilter::Needle::isIn(QStringView text) const
{
    const auto *const data = text.utf16();
    return containsAscii(data, text.size(), m_ascii)
           && (m_isAscii
               || (!isAscii(data, text.size()) && text.contains(m_text, Qt::CaseInsensitive)));
}

bool InstanceFilter::Needle::isIn(QByteArrayView utf8) const
{
    return containsAscii(utf8.data(), utf8.size(), m_ascii)
           && (m_isAscii
               || (!isAscii(utf8.data(), utf8.size())
                   && QString::fromUtf8(utf8).contains(m_text, Qt::CaseInsensitive)));
}

bool InstanceFilter::Needle::is(const QString &text) const
{
    return text.compare(m_text, Qt::CaseInsensitive) == 0;
}

Result<InstanceFilter> InstanceFilter::parse(const QString &text)
{
    InstanceFilter filter;
    QStringView rest = QStringView(text).trimmed();
    while (!rest.isEmpty()) {
        Term term;
        QString text = takeTerm(rest);
        if (text.startsWith(u'!')) {
            term.negated = true;
            text.remove(0, 1);
        }
        if (text.isEmpty())
            continue; // "!" alone: about to be typed
        QString wanted = text;
        if (const auto colon = text.indexOf(u':'); colon > 0 && !isBracket(text[0])) {
            term.field = text.first(colon);
            wanted = text.sliced(colon + 1);
        }
        if (isEnclosed(wanted, u'/')) {
            term.regex = QRegularExpression(wanted.sliced(1).chopped(1),
                                            QRegularExpression::CaseInsensitiveOption);
            if (!term.regex.isValid()) {
                return Error{.code = Error::Code::InvalidArgument,
                             .detail = Text::tr("%1 is no regular expression: %2.")
                                           .arg(wanted, term.regex.errorString())};
            }
        } else if (isEnclosed(wanted, u'"')) {
            term.isWhole = !term.field.isEmpty();
            wanted = wanted.sliced(1).chopped(1);
            text = term.isWhole ? text : wanted;
        } else {
            // Else one could not ask for 80 without 8080.
            term.isWhole =
                !wanted.isEmpty() && term.field.compare(u"port"_s, Qt::CaseInsensitive) == 0;
        }
        term.text = Needle(text);
        term.value = Needle(wanted);
        filter.m_terms.append(term);
    }
    return filter;
}

bool InstanceFilter::matches(const Row &row) const
{
    return std::all_of(m_terms.begin(), m_terms.end(),
                       [&](const Term &term) { return matches(term, row) != term.negated; });
}

void InstanceFilter::fetchAhead(const Rows &rows, qsizetype i)
{
#ifdef __GNUC__
    constexpr qsizetype texts = 6, instances = 12, line = 64;
    if (i + instances >= rows.size())
        return;
    const auto *next = reinterpret_cast<const char *>(rows[i + instances].instance.get());
    for (size_t at = 0; at < sizeof(Instance); at += line)
        __builtin_prefetch(next + at);
    const Instance &instance = *rows[i + texts].instance;
    for (const QString *text :
         {&instance.key, &instance.service, &instance.nameSpace, &instance.host, &instance.url})
        __builtin_prefetch(text->constData());
    for (qsizetype at = 0; at < instance.document.size(); at += line)
        __builtin_prefetch(instance.document.constData() + at);
#endif
}

bool InstanceFilter::matches(const Term &term, const Row &row)
{
    const Instance &instance = *row.instance;
    if (!term.field.isEmpty()) {
        const QString text = fieldText(row, term.field);
        if (!text.isNull() && term.isIn(text))
            return true;
    }
    if (!term.regex.pattern().isEmpty()) {
        return term.field.isEmpty() && anyText(instance, [&](auto text) {
                   if constexpr (std::is_same_v<decltype(text), QByteArrayView>)
                       return QString::fromUtf8(text).contains(term.regex);
                   else
                       return text.contains(term.regex);
               });
    }
    return anyText(instance, [&](auto text) { return term.text.isIn(text); });
}

bool InstanceFilter::Term::isIn(const QString &fieldText) const
{
    return !regex.pattern().isEmpty() ? fieldText.contains(regex)
           : isWhole                  ? value.is(fieldText)
                                      : value.isIn(QStringView(fieldText));
}

QStringList InstanceFilter::unknownFields(const Rows &rows) const
{
    QStringList unknown;
    for (const Term &term : m_terms) {
        const auto has = [&](const Row &row) { return !fieldText(row, term.field).isNull(); };
        if (!term.field.isEmpty() && !term.negated && !std::ranges::any_of(rows, has))
            unknown.append(term.field);
    }
    return unknown;
}

QString fieldText(const Row &row, const QString &field)
{
    if (const QString fact = factText(row, field); !fact.isNull())
        return fact;
    const QByteArrayView value = fieldValue(row.instance->document, field);
    if (value.isNull())
        return {};
    const bool nested = value.startsWith('{') || value.startsWith('[');
    return nested ? QString::fromUtf8(Json::compact(value)) : Json::text(value);
}

} // namespace EtcdRegistry
