// SPDX-License-Identifier: MIT
#include "command.h"
#include "output.h"
#include "utf8locale.h"

#include <QCoreApplication>
#include <QLoggingCategory>

#include <csignal>
#include <cstdio>

using namespace EtcdRegistry::Cli;

int main(int argc, char *argv[])
{
    std::signal(SIGPIPE, SIG_IGN); // a reader that has gone must not end join without leaving
    QCoreApplication application = [&] {
        const EtcdRegistry::Utf8Locale locale;
        return QCoreApplication(argc, argv);
    }();
    // What matters of it is told as the command's own; QT_LOGGING_RULES can switch it on again.
    QLoggingCategory::setFilterRules(QStringLiteral("etcdregistry.*=false"));
    const auto parsed = parseCommandLine(QCoreApplication::arguments());
    if (const auto *message = std::get_if<Message>(&parsed)) {
        if (message->status == Done)
            return print(message->text.toUtf8()) ? Done : Failed;
        complain(message->text);
        return message->status;
    }
    const Options &options = std::get<Options>(parsed);
    for (const QString &warning : options.connection.warnings)
        complain(warning);
    const std::unique_ptr<Command> command = Command::make(options);
    QObject::connect(command.get(), &Command::finished, &application, &QCoreApplication::exit,
                     Qt::QueuedConnection);
    command->start();
    return QCoreApplication::exec();
}
