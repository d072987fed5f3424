// SPDX-License-Identifier: MIT
#include "instancefilter.h"

#include "json.h"

#include <QCoreApplication>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::InstanceFilter)
};

/// Cuts the next term off the text: a regular expression ends with its slash, others at a blank.
QString takeTerm(QStringView &text)
{
    const qsizetype start = text.startsWith(u'!') ? 1 : 0;
    qsizetype end = -1;
    if (text.size() > start && text[start] == u'/') {
        end = start + 1;
        while (end < text.size() && (text[end] != u'/' || text[end - 1] == u'\\'))
            ++end;
        end = end < text.size() ? end + 1 : -1; // unfinished: a text like any other
    }
    if (end < 0)
        end = text.indexOf(u' ');
    if (end < 0)
        end = text.size();
    const QString term = text.first(end).toString();
    text = text.sliced(end).trimmed();
    return term;
}

/// Calls `test` with each text in which a term without a field is looked for, until one passes.
template <typename Test>
bool anyText(const Row &row, Test test)
{
    const Instance &instance = *row.instance;
    return test(instance.service) || test(instance.nameSpace) || test(instance.host)
           || test(instance.url) || test(instance.key)
           || test(QString::fromUtf8(instance.document));
}

} // namespace

Result<InstanceFilter> InstanceFilter::parse(const QString &text)
{
    InstanceFilter filter;
    QStringView rest = QStringView(text).trimmed();
    while (!rest.isEmpty()) {
        Term term;
        term.text = takeTerm(rest);
        if (term.text.startsWith(u'!')) {
            term.negated = true;
            term.text.remove(0, 1);
        }
        if (term.text.isEmpty())
            continue; // "!" alone: about to be typed
        if (term.text.size() > 2 && term.text.startsWith(u'/') && term.text.endsWith(u'/')) {
            term.regex = QRegularExpression(term.text.sliced(1).chopped(1),
                                            QRegularExpression::CaseInsensitiveOption);
            if (!term.regex.isValid()) {
                return Error{.code = Error::Code::InvalidArgument,
                             .detail = Text::tr("%1 is no regular expression: %2.")
                                           .arg(term.text, term.regex.errorString())};
            }
        } else if (const auto colon = term.text.indexOf(u':'); colon > 0) {
            term.field = term.text.first(colon);
            term.value = term.text.sliced(colon + 1);
        }
        filter.m_terms.append(term);
    }
    return filter;
}

bool InstanceFilter::matches(const Row &row) const
{
    return std::all_of(m_terms.begin(), m_terms.end(),
                       [&](const Term &term) { return matches(term, row) != term.negated; });
}

bool InstanceFilter::matches(const Term &term, const Row &row)
{
    if (!term.regex.pattern().isEmpty())
        return anyText(row, [&](const QString &text) { return term.regex.match(text).hasMatch(); });
    if (!term.field.isEmpty()) {
        const QString text = fieldText(row, term.field);
        if (!text.isNull() && text.contains(term.value, Qt::CaseInsensitive))
            return true;
    }
    return anyText(
        row, [&](const QString &text) { return text.contains(term.text, Qt::CaseInsensitive); });
}

QString fieldText(const Row &row, const QString &field)
{
    const Instance &instance = *row.instance;
    const QString name = field.toLower();
    if (name == u"state")
        return stateName(row.state);
    if (name == u"store")
        return instance.api == Api::V2 ? u"v2"_s : u"v3"_s;
    if (name == u"service")
        return instance.service;
    if (name == u"namespace")
        return instance.nameSpace;
    if (name == u"key")
        return instance.key;
    if (name == u"host")
        return instance.host;
    if (name == u"port")
        return instance.port;
    if (name == u"url")
        return instance.url;
    const auto fields = Json::fields(instance.document);
    if (!fields)
        return {};
    for (const Json::Field &each : *fields) {
        if (each.name.compare(field, Qt::CaseInsensitive) == 0)
            return Json::text(each.value);
    }
    return {};
}

} // namespace EtcdRegistry
