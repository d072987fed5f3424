// SPDX-License-Identifier: MIT
#include "registrationreporter.h"

#include "output.h"

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

QString nameOf(const Registration &registration)
{
    const Layout::Record record{registration.key, registration.document};
    return registration.service.name + u' ' + RegistrationReporter::instanceOf(record).url;
}

} // namespace

RegistrationReporter::RegistrationReporter(Registry &registry, QObject *parent)
    : QObject(parent)
    , m_registry(registry)
{
    connect(&registry, &Registry::registrationsChanged, this,
            [this](const QList<Registration> &changed) {
                for (const Registration &registration : changed)
                    tell(registration);
            });
    connect(&registry, &Registry::registrationRemoved, this,
            [this](qint64 id) { m_told.remove(id); });
}

Instance RegistrationReporter::instanceOf(const Layout::Record &record)
{
    return Layout::decode({.key = record.key, .value = record.value}, Api::V3, {});
}

void RegistrationReporter::tell(const Registration &registration)
{
    using State = Registration::State;
    const State told = m_told.value(registration.id, State::Joining);
    m_told[registration.id] = registration.state;
    if (told == registration.state)
        return;
    const auto name = nameOf(registration);
    const auto cause = causeText(registration);
    switch (registration.state) {
    case State::Late:
        return complain(tr("%1 is late with its heartbeat. %2").arg(name, cause));
    case State::Lost:
        return complain(tr("%1 is lost until a heartbeat gets through. %2").arg(name, cause));
    case State::Rejoining:
        return complain(tr("%1 is joined again. %2").arg(name, cause));
    case State::Alive:
        if (told != State::Joining)
            complain(tr("%1 is alive again.").arg(name));
        return;
    case State::Left:
        if (told == State::Leaving)
            return;
        complain(tr("%1 is let go. %2").arg(name, cause));
        Q_EMIT letGo();
        return;
    case State::Failed:
        if (told == State::Leaving)
            tellNotLeft(registration);
        return;
    case State::Joining:
    case State::Paused:
    case State::Leaving:
        return;
    }
}

void RegistrationReporter::tellNotLeft(const Registration &registration)
{
    complain(tr("%1 could not be left, and expires by itself within %2 s. %3")
                 .arg(nameOf(registration))
                 .arg(std::chrono::ceil<std::chrono::seconds>(registration.service.ttl).count())
                 .arg(registration.lastError ? registration.lastError->message()
                                             : tr("The cluster does not answer.")));
}

QFuture<bool> RegistrationReporter::shutDown()
{
    return m_registry.shutDown().then(this, [](const QList<Registration> &notLeft) {
        for (const Registration &registration : notLeft) {
            if (registration.isHeld()) // nobody answered yet; else it was told
                tellNotLeft(registration);
        }
        return notLeft.isEmpty();
    });
}

} // namespace EtcdRegistry::Cli
