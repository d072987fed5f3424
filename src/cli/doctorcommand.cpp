// SPDX-License-Identifier: MIT
#include "doctorcommand.h"

#include "output.h"
#include "plaintext.h"
#include "table.h"

#include <QMetaEnum>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

using Severity = Finding::Severity;

/// As programs know it.
template <typename Enum>
QString nameOf(Enum value)
{
    const char *key = QMetaEnum::fromType<Enum>().valueToKey(int(value));
    return QString::fromLatin1(key).toLower();
}

QString colored(Severity severity, bool color)
{
    const QString name = nameOf(severity);
    if (!color)
        return name;
    const int code = severity == Severity::Error     ? 31
                     : severity == Severity::Warning ? 33
                     : severity == Severity::Unknown ? 36
                                                     : 32;
    return u"\u001b[%1m%2\u001b[39m"_s.arg(code).arg(name);
}

QByteArray jsonOf(const Finding &finding)
{
    return Json::object({
        {u"check"_s, Json::quoted(nameOf(finding.check))},
        {u"severity"_s, Json::quoted(nameOf(finding.severity))},
        {u"what"_s, Json::quoted(finding.what)},
        {u"where"_s, Json::quoted(finding.where)},
        {u"advice"_s, Json::quoted(finding.advice)},
    });
}

} // namespace

DoctorCommand::DoctorCommand(const Options &options)
    : Command(options)
    , m_doctor(options.connection)
{}

void DoctorCommand::start()
{
    m_doctor.examine().then(this, [this](const Doctor::Report &report) {
        Findings findings = report.findings;
        // What could not be seen is no fault of the registry.
        const auto isOk = [](const Finding &finding) {
            return finding.severity <= Severity::Unknown;
        };
        const bool isHealthy = std::ranges::all_of(findings, isOk);
        if (!m_options.verbose)
            findings.removeIf(isOk);
        if (!print(text(findings)))
            finish(Failed);
        else
            finish(isHealthy ? Done : report.isReached ? SomethingFound : Failed);
    });
}

QByteArray DoctorCommand::text(const Findings &findings) const
{
    using Output = Options::Output;
    Table table({tr("CHECK"), tr("SEVERITY"), tr("WHAT"), tr("WHERE"), tr("ADVICE")});
    QByteArrayList objects;
    QStringList names;
    for (const Finding &finding : findings) {
        const QString name = nameOf(finding.check);
        table.add({name, nameOf(finding.severity), finding.what, finding.where, finding.advice});
        objects += jsonOf(finding);
        if (!names.contains(name))
            names += name;
    }
    switch (m_options.output) {
    case Output::Json:
    case Output::JsonLines:
        return jsonObjects(objects, m_options.output);
    case Output::Names:
        return names.isEmpty() ? QByteArray() : names.join(u'\n').toUtf8() + '\n';
    case Output::Table:
        return table.text(m_options.color);
    case Output::Default:
        break;
    }
    return lines(findings);
}

QByteArray DoctorCommand::lines(const Findings &findings) const
{
    QString result;
    for (const Finding &finding : findings) {
        const QString text = u"%1: %2 %3"_s.arg(finding.where, finding.what, finding.advice);
        result += colored(finding.severity, m_options.color) + u": "_s + plainText(text.trimmed())
                  + u'\n';
    }
    return result.toUtf8();
}

} // namespace EtcdRegistry::Cli
