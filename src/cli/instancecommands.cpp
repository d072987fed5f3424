// SPDX-License-Identifier: MIT
#include "instancecommands.h"

#include "output.h"
#include "plaintext.h"

#include <QLocale>
#include <QTimer>

#include <algorithm>
#include <iostream>
#include <string>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry::Cli {

// ---- list

void ListCommand::start()
{
    const bool tellsTtls = m_options.output == Options::Output::Table;
    auto listed =
        tellsTtls ? m_registry.listWithTtls(m_options.name()) : m_registry.list(m_options.name());
    listed.then(this, [this](const Result<Snapshot> &snapshot) {
        if (!snapshot)
            return fail(snapshot.error());
        QList<Instance> instances = snapshot->instances;
        instances.removeIf([](const Instance &instance) {
            return instance.problem == Instance::Problem::NotAnObject;
        });
        const bool forPeople = m_options.output != Options::Output::Json
                               && m_options.output != Options::Output::JsonLines;
        if (forPeople || instances.isEmpty())
            tellBroken(snapshot->instances);
        if (!instances.isEmpty())
            return finishWith(text(instances, m_options, Options::Output::Names));
        if (m_options.output == Options::Output::Json)
            print(jsonArray({}));
        finishEmpty();
    });
}

// ---- lookup

void LookupCommand::start()
{
    m_registry.lookup(m_options.name())
        .then(this, [this](const Result<std::optional<Instance>> &found) {
            if (!found)
                return fail(found.error());
            if (!*found)
                return tellEmpty();
            if (m_options.count == 1)
                return tell(**found);
            if (m_times[(*found)->key]++ == 0)
                m_found += **found;
            lookUpAgain();
        });
}

void LookupCommand::tellEmpty()
{
    m_registry.list(m_options.name()).then(this, [this](const Result<Snapshot> &snapshot) {
        if (snapshot)
            tellBroken(snapshot->instances);
        finishEmpty();
    });
}

void LookupCommand::tell(const Instance &instance)
{
    using Output = Options::Output;
    const bool asDocument =
        m_options.output == Output::Json || m_options.output == Output::JsonLines;
    finishWith(asDocument ? plainJson(instance.document) + '\n'
               : m_options.output == Output::Default
                   ? trees({instance}, m_options.color)
                   : text({instance}, m_options, Output::Default));
}

void LookupCommand::lookUpAgain()
{
    if (++m_lookups < m_options.count)
        return start();
    std::ranges::stable_sort(m_found, std::greater(),
                             [this](const Instance &instance) { return m_times[instance.key]; });
    finishWith(lookups(m_found, m_times, m_options));
}

// ---- leave

void LeaveCommand::start()
{
    m_registry.list(m_options.name()).then(this, [this](const Result<Snapshot> &snapshot) {
        if (!snapshot)
            return fail(snapshot.error());
        // A listing has more: names with the same slug, and namespaces below this one.
        QList<Instance> instances = snapshot->instances;
        instances.removeIf([this](const Instance &instance) {
            return instance.nameSpace != m_options.connection.nameSpace
                   || (!m_options.name().isEmpty() && instance.service != m_options.name())
                   || (!m_options.url.isEmpty() && instance.url != m_options.url);
        });
        if (instances.isEmpty())
            finishEmpty();
        else if (m_options.yes || confirm(instances))
            leave(std::move(instances));
        else
            finish(Declined);
    });
}

bool LeaveCommand::confirm(const QList<Instance> &instances) const
{
    for (const Instance &instance : instances)
        complain(u"  %1  %2"_s.arg(instance.service, instance.url));
    std::cerr << tr("Leave these on %1? Owners that are alive put theirs back. [y/N] ")
                     .arg(m_options.connection.toString())
                     .toStdString()
              << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "yes";
}

void LeaveCommand::leave(QList<Instance> instances)
{
    m_instances = std::move(instances);
    m_isGone.resize(m_instances.size());
    for (qsizetype i = 0; i < std::min(writesAtOnce, m_instances.size()); ++i)
        leaveNext();
}

/// After a failure no more are begun.
void LeaveCommand::leaveNext()
{
    const qsizetype at = m_next++;
    ++m_pending;
    m_registry.remove(m_instances[at].key).then(this, [this, at](const Result<bool> &removed) {
        --m_pending;
        if (removed)
            m_isGone[at] = true;
        else if (!m_error)
            m_error = removed.error();
        if (!m_error)
            tellProgress(m_next - m_pending, m_instances.size());
        if (!m_error && m_next < m_instances.size())
            leaveNext();
        else if (m_pending == 0)
            tellWhatIsGone();
    });
}

void LeaveCommand::tellWhatIsGone()
{
    QList<Instance> gone;
    for (qsizetype i = 0; i < m_instances.size(); ++i) {
        if (m_isGone[i])
            gone += m_instances[i];
    }
    if (!gone.isEmpty() && !print(text(gone, m_options, Options::Output::Default)))
        return finish(Failed);
    if (m_error) {
        complain(tr("%1 of %2 are gone.").arg(gone.size()).arg(m_instances.size()));
        return fail(*m_error);
    }
    // What has a TTL may have an owner who renews it, and is going to find it missing.
    gone.removeIf([](const Instance &instance) { return !instance.hasTtl; });
    m_instances = gone;
    m_since.start();
    lookForOwners();
}

void LeaveCommand::lookForOwners()
{
    constexpr std::chrono::milliseconds usualBeat = 5s, pause = 500ms;
    if (m_instances.isEmpty()
        || m_since.hasExpired(
            (std::min(m_options.connection.heartbeat, usualBeat) + pause).count()))
        return finish(Done);
    m_registry.list(m_options.name()).then(this, [this, pause](const Result<Snapshot> &snapshot) {
        if (!snapshot) // they are gone, as far as is known
            return finish(Done);
        const QString after = QLocale().toString(double(m_since.elapsed()) / 1000, 'f', 1);
        QHash<QString, qint64> there;
        for (const Instance &instance : snapshot->instances)
            there.insert(instance.key, instance.createRevision);
        m_instances.removeIf([&](const Instance &gone) {
            const bool isBack = there.value(gone.key, gone.createRevision) != gone.createRevision;
            if (isBack) {
                complain(tr("%1  %2 is back: its owner put it back after %3 s.")
                             .arg(gone.service, gone.url, after));
            }
            return isBack;
        });
        QTimer::singleShot(pause, this, &LeaveCommand::lookForOwners);
    });
}

} // namespace EtcdRegistry::Cli
