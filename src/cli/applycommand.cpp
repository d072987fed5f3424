// SPDX-License-Identifier: MIT
#include "applycommand.h"

#include "output.h"
#include "table.h"
#include "terminationsignals.h"
#include "transfer.h"

#include <utility>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {

void ApplyCommand::start()
{
    if (m_options.dryRun)
        finishWith(plan());
    else
        play();
}

/// What would be written, without a word to the cluster; by default as export would print it then.
QByteArray ApplyCommand::plan() const
{
    using Output = Options::Output;
    using std::chrono::ceil, std::chrono::seconds;
    Table table({tr("KEY"), tr("TTL"), tr("DOCUMENT")});
    QList<Instance> instances;
    for (const Scenario::Group &group : m_options.scenario.groups) {
        for (const Service &service : group.services(m_options.connection)) {
            const Layout::Record record = Layout::encode(service).value(); // the parser tried it
            Instance instance = RegistrationReporter::instanceOf(record);
            instance.ttl = service.ttl;
            table.add({record.key, tr("%1 s").arg(ceil<seconds>(service.ttl).count()),
                       QString::fromUtf8(record.value)});
            instances += instance;
        }
    }
    switch (m_options.output) {
    case Output::Names:
        return names(instances, m_options.color);
    case Output::Table:
        return table.text(m_options.color);
    case Output::Json:
        return '[' + toLines(instances).chopped(1).replace("\n", ",\n") + "]\n";
    case Output::JsonLines:
    case Output::Default:
        break;
    }
    return toLines(instances);
}

void ApplyCommand::play()
{
    auto *termination = new TerminationSignals(this);
    connect(termination, &TerminationSignals::received, this, [this] { stop(Done); });
    m_runner = std::make_unique<ScenarioRunner>(m_registry, m_options.scenario);
    connect(m_runner.get(), &ScenarioRunner::begun, this, &ApplyCommand::tellJoined);
    connect(m_runner.get(), &ScenarioRunner::failed, this, [this](const Error &error) {
        if (std::exchange(m_told, error.message()) != error.message()) // once for all instances
            complain(m_told);
    });
    m_runner->start();
}

void ApplyCommand::tellJoined()
{
    if (m_runner->report().joined == 0)
        return stop(Failed);
    QList<Instance> instances;
    for (const Registration &registration : m_registry.registrations())
        instances += RegistrationReporter::instanceOf({registration.key, registration.document});
    if (!print(text(instances, m_options, Options::Output::Default)))
        stop(Failed);
}

void ApplyCommand::stop(ExitStatus status)
{
    if (std::exchange(m_stopping, true))
        return;
    m_runner->halt();
    m_reporter.shutDown().then(this, [this, status](bool all) {
        const ScenarioReport &report = m_runner->report();
        complain(u"%1: %2."_s.arg(m_options.arguments[0], report.text()));
        finish(all && report.failures == 0 ? status : Failed);
    });
}

} // namespace EtcdRegistry::Cli
