// SPDX-License-Identifier: MIT
#include "joincommand.h"

#include "output.h"
#include "terminationsignals.h"

#include <utility>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

Instance instanceOf(const Registration &registration)
{
    return Layout::decode({.key = registration.key, .value = registration.document}, Api::V3, {});
}

} // namespace

void JoinCommand::start()
{
    auto *termination = new TerminationSignals(this);
    connect(termination, &TerminationSignals::received, this, [this] { stopHolding(Done); });

    m_pending = m_options.services.size();
    for (const auto &service : m_options.services) {
        m_registry.join(service).then(this, [this](const Result<Registration> &joined) {
            if (m_stopping)
                return;
            if (!joined) {
                complain(joined.error().message());
                stopHolding(statusOf(joined.error()));
            } else if (--m_pending == 0) {
                tellJoined();
            }
        });
    }
}

void JoinCommand::tellJoined()
{
    QList<Instance> instances;
    const auto registrations = m_registry.registrations();
    for (const auto &registration : registrations) {
        m_states[registration.id] = registration.state;
        instances += instanceOf(registration);
    }
    if (!print(text(instances, m_options, Options::Output::Default)))
        stopHolding(Failed);
    connect(&m_registry, &Registry::registrationsChanged, this,
            [this](const QList<Registration> &registrations) {
                for (const Registration &registration : registrations)
                    tellState(registration);
            });
}

void JoinCommand::tellState(const Registration &registration)
{
    using State = Registration::State;
    const auto told = std::exchange(m_states[registration.id], registration.state);
    if (told == registration.state || m_stopping)
        return;
    const auto name = registration.service.name + u' ' + instanceOf(registration).url;
    const auto cause = causeText(registration);
    switch (registration.state) {
    case State::Late:
        return complain(tr("%1 is late with its heartbeat. %2").arg(name, cause));
    case State::Lost:
        return complain(tr("%1 is lost until a heartbeat gets through. %2").arg(name, cause));
    case State::Rejoining:
        return complain(tr("%1 is joined again. %2").arg(name, cause));
    case State::Alive:
        return complain(tr("%1 is alive again.").arg(name));
    case State::Left:
        complain(tr("%1 is let go. %2").arg(name, cause));
        if (m_registry.registrations().size() <= 1) // this one, which goes now
            stopHolding(Failed);
        return;
    case State::Joining:
    case State::Paused:
    case State::Leaving:
    case State::Failed:
        return;
    }
}

/// Leaves what was joined, within bounded time, and ends with this status or a worse one.
void JoinCommand::stopHolding(ExitStatus status)
{
    if (std::exchange(m_stopping, true))
        return;
    m_registry.shutDown().then(this, [this, status](const QList<Registration> &notLeft) {
        for (const Registration &registration : notLeft) {
            complain(
                tr("%1 could not be left, and expires by itself within %2 s. %3")
                    .arg(registration.service.name + u' ' + instanceOf(registration).url)
                    .arg(std::chrono::ceil<std::chrono::seconds>(registration.service.ttl).count())
                    .arg(registration.lastError ? registration.lastError->message()
                                                : tr("The cluster does not answer.")));
        }
        Q_EMIT finished(notLeft.isEmpty() ? status : Failed);
    });
}

} // namespace EtcdRegistry::Cli
