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

/// Fit for a line.
QString documentOf(const Instance &instance)
{
    return quotable(QString::fromUtf8(instance.document));
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
    Told &told = m_told[registration.id];
    const auto name = nameOf(registration);
    const auto cause = causeText(registration);
    if (registration.found && registration.state != State::Failed)
        tellFound(registration, told);
    if (registration.state == State::Alive) {
        const bool wasTrouble =
            told.states.intersects({State::Late, State::Lost, State::Rejoining});
        told.states = {};
        if (wasTrouble)
            complain(tr("%1 is alive again.").arg(name));
        return;
    }
    const bool isFought = told.contested && registration.state == State::Rejoining;
    if (isFought || told.states.contains(registration.state))
        return;
    const bool wasLeaving = told.states.contains(State::Leaving);
    told.states.insert(registration.state);
    switch (registration.state) {
    case State::Late:
        return complain(tr("%1 is late with its heartbeat. %2").arg(name, cause));
    case State::Lost:
        return complain(tr("%1 is lost until a heartbeat gets through. %2").arg(name, cause));
    case State::Rejoining:
        return complain(tr("%1 is being joined again. %2").arg(name, cause));
    case State::Left:
        if (wasLeaving)
            return;
        complain(tr("%1 is let go. %2").arg(name, cause));
        Q_EMIT letGo();
        return;
    case State::Failed:
        if (wasLeaving)
            tellNotLeft(registration);
        return;
    case State::Alive:
    case State::Joining:
    case State::Paused:
    case State::Leaving:
        return;
    }
}

/// What was there with another document: once, and once more where its owner wrote it again.
void RegistrationReporter::tellFound(const Registration &registration, Told &told)
{
    using State = Registration::State;
    const bool wasThere = !std::exchange(told.found, true) && registration.state == State::Joining
                          && registration.service.whenThere == WhenThere::Replace;
    if (registration.contested && !std::exchange(told.contested, true)) {
        complain(tr("%1: two owners fight over it. Another program writes another document there: "
                    "%2")
                     .arg(nameOf(registration), documentOf(*registration.found)));
    } else if (wasThere) {
        complain(tr("%1 was registered already, with another document, which is replaced: %2")
                     .arg(nameOf(registration), documentOf(*registration.found)));
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
