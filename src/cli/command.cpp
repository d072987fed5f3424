// SPDX-License-Identifier: MIT
#include "command.h"

#include "applycommand.h"
#include "doctorcommand.h"
#include "instancecommands.h"
#include "joincommand.h"
#include "memberscommand.h"
#include "output.h"
#include "runcommand.h"
#include "transfercommands.h"
#include "watchcommand.h"

#include <algorithm>
#include <utility>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {

Command::Command(Options options)
    : m_options(std::move(options))
    , m_registry(m_options.connection)
{
    connect(&m_registry, &Registry::strangerFound, this,
            [](const Error &error) { complain(error.message()); });
    connect(&m_registry, &Registry::clusterReplaced, this, [] {
        complain(
            tr("The cluster was rebuilt: its nodes answer as another one. What is held here is "
               "registered there again."));
    });
    connect(&m_registry, &Registry::noLeader, this, [this](const Error &error) {
        if (!std::exchange(m_toldLeaderless, true))
            complain(error.message() + u' '
                     + tr("This is what it has; nothing expires meanwhile."));
    });
}

template <typename T>
static std::unique_ptr<Command> makeAs(const Options &options)
{
    return std::make_unique<T>(options);
}

std::unique_ptr<Command> Command::make(const Options &options)
{
    static const QHash<QString, std::unique_ptr<Command> (*)(const Options &)> makers{
        {u"apply"_s, makeAs<ApplyCommand>},   {u"copy-as"_s, makeAs<CopyAsCommand>},
        {u"doctor"_s, makeAs<DoctorCommand>}, {u"export"_s, makeAs<ExportCommand>},
        {u"import"_s, makeAs<JoinCommand>},   {u"join"_s, makeAs<JoinCommand>},
        {u"leave"_s, makeAs<LeaveCommand>},   {u"list"_s, makeAs<ListCommand>},
        {u"lookup"_s, makeAs<LookupCommand>}, {u"members"_s, makeAs<MembersCommand>},
        {u"watch"_s, makeAs<WatchCommand>},
    };
    if (!options.program.isEmpty())
        return makeAs<RunCommand>(options);
    if (options.writeOnly)
        return makeAs<WriteCommand>(options);
    return makers[options.command](options);
}

void Command::finishWith(const QByteArray &output)
{
    finish(print(output) ? Done : Failed);
}

void Command::finishEmpty()
{
    m_registry.elsewhere(m_options.name()).then(this, [this](const QStringList &elsewhere) {
        complain(tr("Nothing found below %1 on %2. Check name and namespace.")
                     .arg(Layout::prefix(m_options.connection.nameSpace, m_options.name()),
                          m_options.connection.toString()));
        for (const QString &sentence : elsewhere)
            complain(sentence);
        finish(NothingFound);
    });
}

void Command::tellBroken(const QList<Instance> &instances) const
{
    const auto broken =
        std::ranges::count(instances, Instance::Problem::NotAnObject, &Instance::problem);
    if (broken > 0)
        complain(broken == 1 ? tr("1 value is no document: see doctor.")
                             : tr("%1 values are no documents: see doctor.").arg(broken));
}

void Command::fail(const Error &error)
{
    m_registry.explained(error).then(this, [this, error](const Error &explained) {
        complain(explained.message());
        finish(statusOf(error));
    });
}

void Command::finish(ExitStatus status)
{
    if (!std::exchange(m_finished, true))
        Q_EMIT finished(status);
}

ExitStatus Command::statusOf(const Error &error)
{
    const bool isOurs = error.code == Error::Code::InvalidArgument && error.endpoint.isEmpty();
    return isOurs ? WrongUsage : Failed;
}

} // namespace EtcdRegistry::Cli
