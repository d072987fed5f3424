// SPDX-License-Identifier: MIT
#include "instancecommands.h"

#include "output.h"
#include "plaintext.h"

#include <iostream>
#include <string>

using namespace Qt::StringLiterals;

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
                return finishEmpty();
            if (m_options.count == 1)
                return tell(**found);
            if (m_times[(*found)->key]++ == 0)
                m_found += **found;
            lookUpAgain();
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
            leave(instances);
        else
            finish(Done);
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

void LeaveCommand::leave(const QList<Instance> &instances)
{
    m_pending = instances.size();
    for (const Instance &instance : instances) {
        m_registry.remove(instance.key).then(this, [this, instances](const Result<bool> &removed) {
            if (!removed)
                return fail(removed.error());
            tellProgress(instances.size() - --m_pending, instances.size());
            if (m_pending == 0)
                finishWith(text(instances, m_options, Options::Output::Default));
        });
    }
}

} // namespace EtcdRegistry::Cli
