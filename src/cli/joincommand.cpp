// SPDX-License-Identifier: MIT
#include "joincommand.h"

#include "output.h"
#include "terminationsignals.h"

#include <utility>

namespace EtcdRegistry::Cli {

void JoinCommand::start()
{
    auto *termination = new TerminationSignals(this);
    connect(termination, &TerminationSignals::received, this, [this] { stopHolding(Done); });
    connect(&m_reporter, &RegistrationReporter::letGo, this, [this] {
        if (m_registry.registrations().size() <= 1) // this one, which goes now
            stopHolding(Failed);
    });

    m_pending = m_options.services.size();
    for (const auto &service : m_options.services) {
        m_registry.join(service).then(this, [this](const Result<Registration> &joined) {
            if (m_stopping)
                return;
            if (!joined) {
                complain(joined.error().message());
                stopHolding(statusOf(joined.error()));
                return;
            }
            const qsizetype all = m_options.services.size();
            tellProgress(all - --m_pending, all);
            if (m_pending == 0)
                tellJoined();
        });
    }
}

void JoinCommand::tellJoined()
{
    QList<Instance> instances;
    const auto registrations = m_registry.registrations();
    for (const auto &registration : registrations)
        instances += RegistrationReporter::instanceOf({registration.key, registration.document});
    if (!print(text(instances, m_options, Options::Output::Default)))
        stopHolding(Failed);
}

/// Leaves what was joined, within bounded time, and ends with this status or a worse one.
void JoinCommand::stopHolding(ExitStatus status)
{
    if (std::exchange(m_stopping, true))
        return;
    m_reporter.shutDown().then(this, [this, status](bool left) { finish(left ? status : Failed); });
}

} // namespace EtcdRegistry::Cli
