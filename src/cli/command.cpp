// SPDX-License-Identifier: MIT
#include "command.h"

#include "output.h"
#include "terminationsignals.h"

#include <QTimer>

#include <iostream>
#include <string>
#include <utility>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry::Cli {
namespace {

ExitStatus statusOf(const Error &error)
{
    return error.code == Error::Code::InvalidArgument ? WrongUsage : Failed;
}

Instance instanceOf(const Registration &registration)
{
    return Layout::decode({.key = registration.key, .value = registration.document}, Api::V3, {});
}

} // namespace

Command::Command(Options options)
    : m_options(std::move(options))
    , m_registry(m_options.connection)
{}

void Command::start()
{
    for (const auto &warning : m_options.connection.warnings)
        complain(warning);
    switch (m_options.command) {
    case Options::Command::Join:
        join();
        break;
    case Options::Command::Leave:
        findThenLeave();
        break;
    case Options::Command::List:
        list();
        break;
    case Options::Command::Lookup:
        lookup();
        break;
    }
}

// ---- list and lookup

void Command::list()
{
    m_registry.list(m_options.name).then(this, [this](const Result<Snapshot> &snapshot) {
        if (!snapshot) {
            fail(snapshot.error());
            return;
        }
        auto instances = snapshot->instances;
        instances.removeIf([](const Instance &instance) {
            return instance.problem == Instance::Problem::NotAnObject;
        });
        if (instances.isEmpty())
            finishEmpty();
        else
            finishWith(text(instances));
    });
}

void Command::lookup()
{
    m_registry.lookup(m_options.name)
        .then(this, [this](const Result<std::optional<Instance>> &found) {
            if (!found)
                fail(found.error());
            else if (!*found)
                finishEmpty();
            else if (m_options.json)
                finishWith((*found)->document + '\n');
            else
                finishWith(trees({**found}));
        });
}

// ---- leave

void Command::findThenLeave()
{
    m_registry.list(m_options.name).then(this, [this](const Result<Snapshot> &snapshot) {
        if (!snapshot) {
            fail(snapshot.error());
            return;
        }
        // A listing has more: names with the same slug, and namespaces below this one.
        auto instances = snapshot->instances;
        instances.removeIf([this](const Instance &instance) {
            return instance.nameSpace != m_options.connection.nameSpace
                   || (!m_options.name.isEmpty() && instance.service != m_options.name)
                   || (!m_options.url.isEmpty() && instance.url != m_options.url);
        });
        if (instances.isEmpty())
            finishEmpty();
        else if (m_options.yes || confirm(instances))
            leave(instances);
        else
            finish(Done);
    });
}

bool Command::confirm(const QList<Instance> &instances) const
{
    for (const auto &instance : instances)
        complain(u"  %1  %2"_s.arg(instance.service, instance.url));
    std::cerr << tr("Leave these on %1? Owners that are alive put theirs back. [y/N] ")
                     .arg(m_options.connection.toString())
                     .toStdString()
              << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "yes";
}

void Command::leave(const QList<Instance> &instances)
{
    m_pending = instances.size();
    for (const auto &instance : instances) {
        m_registry.remove(instance.key).then(this, [this, instances](const Result<bool> &removed) {
            if (!removed)
                fail(removed.error());
            else if (--m_pending == 0)
                finishWith(text(instances));
        });
    }
}

// ---- join

void Command::join()
{
    auto *termination = new TerminationSignals(this);
    connect(termination, &TerminationSignals::received, this, [this] { stopHolding(Done); });

    m_pending = m_options.services.size();
    for (const auto &service : m_options.services) {
        m_registry.join(service).then(this, [this](const Result<Registration> &joined) {
            if (m_finishing)
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

void Command::tellJoined()
{
    QList<Instance> instances;
    const auto registrations = m_registry.registrations();
    for (const auto &registration : registrations) {
        m_states[registration.id] = registration.state;
        instances += instanceOf(registration);
    }
    if (!print(text(instances)))
        stopHolding(Failed);
    connect(&m_registry, &Registry::registrationsChanged, this,
            [this](const QList<Registration> &registrations) {
                for (const Registration &registration : registrations)
                    tellState(registration);
            });
}

void Command::tellState(const Registration &registration)
{
    using State = Registration::State;
    const auto told = std::exchange(m_states[registration.id], registration.state);
    if (told == registration.state || m_finishing)
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
void Command::stopHolding(ExitStatus status)
{
    if (std::exchange(m_finishing, true))
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

// ---- the end

QByteArray Command::text(const QList<Instance> &instances) const
{
    if (m_options.json)
        return jsonArray(instances);
    if (m_options.verbose)
        return trees(instances);
    return m_options.command == Options::Command::List ? names(instances) : urls(instances);
}

void Command::finishWith(const QByteArray &output)
{
    finish(print(output) ? Done : Failed);
}

void Command::finishEmpty()
{
    if (m_options.json && m_options.command != Options::Command::Lookup)
        print(jsonArray({}));
    complain(tr("Nothing found below %1 on %2. Check name and namespace.")
                 .arg(Layout::prefix(m_options.connection.nameSpace, m_options.name),
                      m_options.connection.toString()));
    finish(NothingFound);
}

void Command::fail(const Error &error)
{
    complain(error.message());
    finish(statusOf(error));
}

void Command::finish(ExitStatus status)
{
    if (!std::exchange(m_finishing, true))
        Q_EMIT finished(status);
}

} // namespace EtcdRegistry::Cli
