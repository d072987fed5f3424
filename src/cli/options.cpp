// SPDX-License-Identifier: MIT
#include "options.h"

#include "commandtable.h"
#include "environment.h"
#include "help.h"
#include "transfer.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QFile>
#include <QRegularExpression>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <optional>

#include <unistd.h>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry::Cli {
namespace {

constexpr int lastPort = 65535;

class CommandLine
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::CommandLine)
public:
    std::variant<Options, Message> parse(QStringList arguments)
    {
        if (const qsizetype dashes = arguments.indexOf(u"--"_s); dashes >= 0) {
            m_result.program = arguments.mid(dashes + 1);
            arguments.resize(dashes);
            if (m_result.program.isEmpty())
                fail(tr("A command is missing after --."));
        }
        addOptions();
        const bool understood = m_parser.parse(arguments);
        QStringList words = m_parser.positionalArguments();
        if (words.value(0) != "join"_L1 && m_result.program.value(0).startsWith(u'-'))
            words += std::exchange(m_result.program, {}); // a name that is no option
        const bool asksForHelp = words.value(0) == "help"_L1;
        const CommandInfo *command = findCommand(words.value(asksForHelp ? 1 : 0));
        if (m_parser.isSet(u"version"_s))
            return Message{Done, u"etcd-registry " ETCD_REGISTRY_VERSION "\n"_s};
        if (m_parser.isSet(u"help"_s) || (asksForHelp && (command || words.size() == 1)))
            return Message{Done, helpText(command)};
        if (understood && words == QStringList{u"manual"_s})
            return Message{Done, manualPage()};
        if (understood && words.value(0) == "completion"_L1 && readCommand(words))
            return Message{Done, completionScript(m_result.format)};
        if (!understood)
            fail(m_parser.errorText());
        else if (readCommand(words) && readOutput() && readNumbers() && readConnection())
            readServices();
        if (m_error.isEmpty())
            return m_result;
        return Message{WrongUsage, m_error};
    }

private:
    bool fail(const QString &reason)
    {
        const QString command = m_result.command.isEmpty() ? QString() : u' ' + m_result.command;
        m_error = reason.simplified() + u' ' + tr("See %1.").arg(u"etcd-registry help"_s + command);
        return false;
    }

    void addOptions()
    {
        for (const OptionInfo &option : optionTable()) {
            QStringList names{option.name};
            if (!option.letter.isEmpty())
                names.prepend(option.letter);
            m_parser.addOption({names, option.text, option.value, option.preset});
        }
    }

    QString value(const QString &option) const { return m_parser.value(option); }

    bool readCommand(const QStringList &words)
    {
        QStringList names;
        for (const CommandInfo &command : commandTable())
            names += command.name;
        if (words.isEmpty())
            return fail(tr("A command is missing: %1.").arg(names.join(u", "_s)));
        const CommandInfo *command = findCommand(words[0]);
        if (!command || words[0] == "help"_L1)
            return fail(tr("Unknown command %1.").arg(words.last()));
        m_result.command = words[0];
        m_result.arguments = words.mid(1);
        if (m_result.arguments.size() < command->least)
            return fail(tr("%1 needs %2.").arg(words[0], command->arguments));
        if (m_result.arguments.size() > command->most) {
            return fail(tr("%1 is one word too many: put a name with blanks in quotes.")
                            .arg(m_result.arguments[command->most]));
        }
        const QList<OptionInfo> known = optionsOf(command);
        for (const QString &name : m_parser.optionNames()) {
            const bool isKnown = std::ranges::any_of(known, [&](const OptionInfo &option) {
                return option.name == name || option.letter == name;
            });
            if (!isKnown)
                return fail(tr("%1 has no option %2.").arg(words[0], name));
        }
        m_result.verbose = m_parser.isSet(u"verbose"_s);
        m_result.yes = m_parser.isSet(u"yes"_s);
        m_result.check = m_parser.isSet(u"check"_s);
        m_result.writeOnly = m_parser.isSet(u"write-only"_s);
        m_result.dryRun = m_parser.isSet(u"dry-run"_s);
        m_result.url = value(u"url"_s);
        if (!command->choices.isEmpty()) {
            m_result.format = m_result.arguments.takeFirst();
            if (!command->choices.contains(m_result.format)) {
                return fail(tr("%1 must be one of %2, not %3.")
                                .arg(command->arguments.section(u' ', 0, 0),
                                     command->choices.join(u", "_s), m_result.format));
            }
        }
        return words[0] == "join"_L1 ? readProgram()
               : words[0] == "leave"_L1
                   ? readLeave()
                   : m_result.program.isEmpty()
                         || fail(
                             tr("%1 runs no command: leave out what follows --.").arg(words[0]));
    }

    bool readProgram()
    {
        const QString server = m_result.arguments.value(1);
        if (server.isEmpty())
            return true;
        if (!server.endsWith(".js"_L1) || !m_result.program.isEmpty())
            return fail(tr("%1 is one word too many: put a command after --, and a name with "
                           "blanks in quotes.")
                            .arg(server));
        m_result.program = QStringList{u"node"_s, server};
        return true;
    }

    bool readLeave()
    {
        if (m_result.name().isEmpty() && m_result.url.isEmpty()) {
            return fail(tr("leave needs the NAME of a service, or --url: this command holds no "
                           "registrations of its own that it could leave."));
        }
        return m_result.yes || isatty(STDIN_FILENO)
               || fail(tr("leave asks first, and there is no terminal to answer on: add --yes."));
    }

    /// The position of an option's value among its choices; of none -1; nothing if it is wrong.
    std::optional<qsizetype> choice(const QString &name)
    {
        const QString chosen = value(name);
        const QStringList &choices = option(name).choices;
        const qsizetype position = choices.indexOf(chosen);
        if (position >= 0 || chosen.isEmpty())
            return position;
        fail(tr("--%1 must be one of %2, not %3.").arg(name, choices.join(u", "_s), chosen));
        return {};
    }

    bool readOutput()
    {
        using Output = Options::Output;
        constexpr Output outputs[] = {Output::Table, Output::Json, Output::JsonLines, Output::Names,
                                      Output::Names};
        const auto output = choice(u"output"_s);
        const auto color = choice(u"color"_s);
        if (!output || !color)
            return false;
        if (*output >= 0)
            m_result.output = outputs[*output];
        else if (m_parser.isSet(u"json"_s))
            m_result.output = Output::Json;
        m_result.forShells = value(u"output"_s) == "names0"_L1;
        // https://no-color.org: whatever its value, unless it is empty
        const bool automatic = isatty(STDOUT_FILENO) && qEnvironmentVariableIsEmpty("NO_COLOR")
                               && qEnvironmentVariable("TERM") != "dumb"_L1;
        m_result.color = *color == 1 || (*color == 0 && automatic);
        return true;
    }

    bool readNumbers()
    {
        constexpr int most = std::numeric_limits<int>::max();
        const auto count = number(u"count"_s, 1, m_result.command == "join"_L1 ? lastPort : most);
        const auto wait = number(u"wait"_s, 0, most);
        const auto slack = number(u"slack"_s, 0, most);
        const auto lasts = duration(u"for"_s);
        if (!count || !wait || !slack || !lasts || !choice(u"until"_s))
            return false;
        if (m_parser.isSet(u"for"_s))
            m_result.lasts = *lasts;
        m_result.until = value(u"until"_s);
        m_result.count = *count;
        m_result.wait = std::chrono::milliseconds(*wait);
        m_result.slack = std::chrono::milliseconds(*slack);
        return true;
    }

    bool readConnection()
    {
        const auto connection = connectionFrom(
            m_parser.isSet(u"etcd"_s) ? std::optional(value(u"etcd"_s)) : std::nullopt);
        if (!connection)
            return fail(connection.error().detail);
        m_result.connection = *connection;
        return true;
    }

    /// The option's number, or nothing (and an error) if it is not from `first` to `last`.
    std::optional<int> number(const QString &option, int first, int last)
    {
        bool ok = false;
        const int number = value(option).toInt(&ok);
        if (ok && number >= first && number <= last)
            return number;
        fail(tr("--%1 must be a number from %2 to %3.").arg(option).arg(first).arg(last));
        return {};
    }

    /// The option's time, zero if it is not given; nothing (and an error) if it is none.
    std::optional<std::chrono::milliseconds> duration(const QString &option)
    {
        static const QRegularExpression pattern(u"^(\\d+(?:\\.\\d+)?)(ms|s|m|h)?$"_s);
        if (value(option).isEmpty())
            return 0ms;
        const auto match = pattern.match(value(option));
        const QString unit = match.captured(2);
        const double milliseconds = match.captured(1).toDouble()
                                    * (unit == "ms"_L1  ? 1
                                       : unit == "m"_L1 ? 60e3
                                       : unit == "h"_L1 ? 3600e3
                                                        : 1e3);
        if (match.hasMatch() && milliseconds < std::numeric_limits<int>::max())
            return std::chrono::milliseconds(qint64(milliseconds));
        fail(tr("--%1 must be a time like 30s, 500ms, 5m or 1h, not %2.")
                 .arg(option, value(option)));
        return {};
    }

    bool readServices()
    {
        Service preset;
        preset.nameSpace = m_result.connection.nameSpace;
        preset.ttl = m_result.connection.ttl;
        preset.heartbeat = m_result.connection.heartbeat;
        if (m_parser.isSet(u"let-go"_s))
            preset.whenTaken = Service::WhenTaken::LetGo;
        if (m_parser.isSet(u"no-take-over"_s))
            preset.whenThere = WhenThere::Refuse;
        return m_result.command == "join"_L1     ? readJoin(preset)
               : m_result.command == "import"_L1 ? readImport(preset)
               : m_result.command == "apply"_L1  ? readScenario()
                                                 : true;
    }

    bool readScenario()
    {
        const auto text = contents(m_result.arguments[0]);
        if (!text)
            return false;
        const auto parsed = Scenario::parse(*text);
        if (const auto *fault = std::get_if<Scenario::Fault>(&parsed))
            return fail(m_result.arguments[0] + u": "_s + fault->message());
        m_result.scenario = std::get<Scenario>(parsed);
        return true;
    }

    bool readImport(const Service &preset)
    {
        const auto lines = contents(m_result.arguments[0]);
        if (!lines)
            return false;
        const Result<QList<Service>> services = fromLines(*lines, preset);
        if (!services)
            return fail(m_result.arguments[0] + u": "_s + services.error().message());
        if (services->isEmpty())
            return fail(tr("%1: there is nothing in it.").arg(m_result.arguments[0]));
        m_result.services = *services;
        return true;
    }

    /// Of a file; - is standard input.
    std::optional<QByteArray> contents(const QString &path)
    {
        QFile file(path);
        const bool opened =
            path == "-"_L1 ? file.open(stdin, QIODevice::ReadOnly) : file.open(QIODevice::ReadOnly);
        if (opened)
            return file.readAll();
        fail(tr("Can't read %1: %2.").arg(path, file.errorString()));
        return {};
    }

    bool readJoin(Service service)
    {
        const auto port = number(u"port"_s, 0, lastPort);
        if (!port)
            return false;
        const int count = m_result.count;
        if (count > 1 && !m_result.program.isEmpty())
            return fail(tr("--count does not go with a command, which has one port."));
        if (m_result.output != Options::Output::Default && !m_result.program.isEmpty())
            return fail(tr("--output does not go with a command, whose output is its own."));
        if (count > 1 && *port == 0)
            return fail(tr("--count needs --port: instances differ by their port."));
        if (*port + count - 1 > lastPort)
            return fail(tr("%1 ports from %2 on are more than there are.").arg(count).arg(*port));

        service.name = m_result.name();
        service.hostname = value(u"hostname"_s);
        if (!readDocument(service.document))
            return false;
        for (int i = 0; i < count; ++i) {
            service.port = *port == 0 ? 0 : *port + i;
            m_result.services += service;
        }
        return true;
    }

    bool readDocument(QByteArray &document)
    {
        if (m_parser.isSet(u"doc"_s)) {
            const auto text = contents(value(u"doc"_s));
            if (!text)
                return false;
            document = *text;
        }
        auto fields = Json::fields(document);
        if (!fields)
            return fail(tr("--doc: %1").arg(fields.error().message()));
        auto all = std::move(fields).value();
        for (const auto &field : m_parser.values(u"field"_s)) {
            const auto name = field.section(u'=', 0, 0);
            if (name.isEmpty() || !field.contains(u'='))
                return fail(tr("--field must be KEY=VALUE, not %1.").arg(field));
            all.removeIf([&](const Json::Field &old) { return old.name == name; });
            all.append({name, Json::valueFromInput(field.section(u'=', 1))});
        }
        document = Json::object(all);
        return true;
    }

    QCommandLineParser m_parser;
    Options m_result;
    QString m_error;
};

} // namespace

std::variant<Options, Message> parseCommandLine(const QStringList &arguments)
{
    return CommandLine().parse(arguments);
}

} // namespace EtcdRegistry::Cli
