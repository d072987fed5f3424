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

#include <utility>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {

Command::Command(Options options)
    : m_options(std::move(options))
    , m_registry(m_options.connection)
{}

std::unique_ptr<Command> Command::make(const Options &options)
{
    if (!options.program.isEmpty())
        return std::make_unique<RunCommand>(options);
    const bool holds =
        options.command == "join"_L1 || (options.command == "import"_L1 && !options.writeOnly);
    if (holds)
        return std::make_unique<JoinCommand>(options);
    if (options.command == "apply"_L1)
        return std::make_unique<ApplyCommand>(options);
    if (options.command == "leave"_L1)
        return std::make_unique<LeaveCommand>(options);
    if (options.command == "lookup"_L1)
        return std::make_unique<LookupCommand>(options);
    if (options.command == "import"_L1)
        return std::make_unique<WriteCommand>(options);
    if (options.command == "export"_L1)
        return std::make_unique<ExportCommand>(options);
    if (options.command == "copy-as"_L1)
        return std::make_unique<CopyAsCommand>(options);
    if (options.command == "watch"_L1)
        return std::make_unique<WatchCommand>(options);
    if (options.command == "doctor"_L1)
        return std::make_unique<DoctorCommand>(options);
    if (options.command == "members"_L1)
        return std::make_unique<MembersCommand>(options);
    return std::make_unique<ListCommand>(options);
}

void Command::finishWith(const QByteArray &output)
{
    finish(print(output) ? Done : Failed);
}

void Command::finishEmpty()
{
    complain(tr("Nothing found below %1 on %2. Check name and namespace.")
                 .arg(Layout::prefix(m_options.connection.nameSpace, m_options.name()),
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
    if (!std::exchange(m_finished, true))
        Q_EMIT finished(status);
}

ExitStatus Command::statusOf(const Error &error)
{
    return error.code == Error::Code::InvalidArgument ? WrongUsage : Failed;
}

} // namespace EtcdRegistry::Cli
