// SPDX-License-Identifier: MIT
#include "options.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QFile>

#include <cstdio>
#include <optional>

#include <unistd.h>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

constexpr int lastPort = 65535;

class CommandLine
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::CommandLine)
public:
    std::variant<Options, Message> parse(const QStringList &arguments)
    {
        addOptions();
        const bool understood = m_parser.parse(arguments);
        const auto words = m_parser.positionalArguments();
        if (m_parser.isSet(m_help) || words.value(0) == "help"_L1)
            return Message{Done, help()};
        if (m_parser.isSet(m_version))
            return Message{Done, u"etcd-registry " ETCD_REGISTRY_VERSION "\n"_s};
        if (!understood)
            fail(m_parser.errorText());
        else if (readCommand(words) && readLeave() && readConnection()
                 && m_result.command == Command::Join)
            readServices();
        if (m_error.isEmpty())
            return m_result;
        return Message{WrongUsage, m_error};
    }

private:
    using Command = Options::Command;

    bool fail(const QString &reason)
    {
        m_error = reason.simplified() + u' ' + tr("See etcd-registry help.");
        return false;
    }

    void addOptions()
    {
        // npm's --hostname has the letter that Qt would give to --help.
        m_parser.addOptions({m_etcd, m_verbose, m_port, m_hostname, m_json, m_count, m_field,
                             m_document, m_letGo, m_yes, m_url, m_wait, m_slack, m_help,
                             m_version});
        m_parser.setApplicationDescription(tr(
            "Registers services in etcd and finds them, like the npm package etcd-registry.\n\n"
            "Commands:\n"
            "  join NAME     register it, and keep it registered until SIGINT or SIGTERM\n"
            "  leave NAME    delete its instances, after asking; with --url one of them.\n"
            "                Their owners, if alive, put them back with their next beat.\n"
            "                Without NAME, --url is needed: nothing else says which ones.\n"
            "  list [NAME]   print the name of each instance; -v its document, too\n"
            "  lookup NAME   print one of its instances, chosen at random\n"
            "  help          print this\n\n"
            "Exit status: 0 done, 1 nothing found, 2 wrong usage, 3 the cluster could not be\n"
            "reached or refused.\n\n"
            "CONNECTION is [http[s]://][USER:PASSWORD@]HOST[:PORT][,...][/NAMESPACE][?OPTIONS],\n"
            "OPTIONS joined by &: refresh=true, api=auto|v2|v3, ca=FILE, cert=FILE, key=FILE,\n"
            "timeout=MS, deadline=MS, ttl=SECONDS, heartbeat=SECONDS."));
        m_parser.addPositionalArgument(u"command"_s, tr("join, leave, list, lookup or help"));
        m_parser.addPositionalArgument(u"name"_s, tr("Name of the service"), u"[name]"_s);
    }

    QString help() const
    {
        // Qt puts the path of the program in front.
        const auto program = QCoreApplication::arguments().value(0);
        auto text = m_parser.helpText();
        return text.replace(text.indexOf(program), program.size(), u"etcd-registry"_s);
    }

    bool readCommand(const QStringList &words)
    {
        static const QMap<QString, Command> commands{{u"join"_s, Command::Join},
                                                     {u"leave"_s, Command::Leave},
                                                     {u"list"_s, Command::List},
                                                     {u"lookup"_s, Command::Lookup}};
        if (words.isEmpty())
            return fail(tr("A command is missing: join, leave, list or lookup."));
        if (!commands.contains(words[0]))
            return fail(tr("Unknown command %1.").arg(words[0]));
        if (words.size() > 2)
            return fail(
                tr("%1 is one word too many: put a name with blanks in quotes.").arg(words[2]));
        m_result.command = commands[words[0]];
        m_result.name = words.value(1);
        m_result.verbose = m_parser.isSet(m_verbose);
        m_result.json = m_parser.isSet(m_json);
        m_result.yes = m_parser.isSet(m_yes);
        m_result.url = m_parser.value(m_url);
        if (!m_result.name.isEmpty() || m_result.command == Command::List)
            return true;
        if (m_result.command != Command::Leave)
            return fail(tr("%1 needs the NAME of a service.").arg(words[0]));
        return !m_result.url.isEmpty()
               || fail(tr("leave needs the NAME of a service, or --url: this command holds no "
                          "registrations of its own that it could leave."));
    }

    bool readLeave()
    {
        return m_result.command != Command::Leave || m_result.yes || isatty(STDIN_FILENO)
               || fail(tr("leave asks first, and there is no terminal to answer on: add --yes."));
    }

    bool readConnection()
    {
        const auto connection = ConnectionString::parse(m_parser.value(m_etcd));
        if (!connection)
            return fail(tr("--etcd: %1").arg(connection.error().message()));
        m_result.connection = *connection;
        return true;
    }

    /// The option's number, or nothing (and an error) if it is not from `first` to `last`.
    std::optional<int> number(const QCommandLineOption &option, int first, int last)
    {
        bool ok = false;
        const int value = m_parser.value(option).toInt(&ok);
        if (ok && value >= first && value <= last)
            return value;
        fail(tr("--%1 must be a number from %2 to %3.")
                 .arg(option.names().last())
                 .arg(first)
                 .arg(last));
        return {};
    }

    bool readServices()
    {
        const auto port = number(m_port, 0, lastPort);
        if (!port)
            return false;
        const auto count = number(m_count, 1, lastPort);
        if (!count)
            return false;
        if (*count > 1 && *port == 0)
            return fail(tr("--count needs --port: instances differ by their port."));
        if (*port + *count - 1 > lastPort)
            return fail(tr("%1 ports from %2 on are more than there are.").arg(*count).arg(*port));

        Service service;
        service.name = m_result.name;
        service.nameSpace = m_result.connection.nameSpace;
        service.hostname = m_parser.value(m_hostname);
        service.ttl = m_result.connection.ttl;
        service.heartbeat = m_result.connection.heartbeat;
        if (m_parser.isSet(m_letGo))
            service.whenTaken = Service::WhenTaken::LetGo;
        if (!readDocument(service.document))
            return false;
        for (int i = 0; i < *count; ++i) {
            service.port = *port == 0 ? 0 : *port + i;
            m_result.services += service;
        }
        return true;
    }

    bool readDocument(QByteArray &document)
    {
        const auto path = m_parser.value(m_document);
        if (!path.isEmpty()) {
            QFile file(path);
            const bool opened = path == "-"_L1 ? file.open(stdin, QIODevice::ReadOnly)
                                               : file.open(QIODevice::ReadOnly);
            if (!opened)
                return fail(tr("--doc: can't read %1: %2.").arg(path, file.errorString()));
            document = file.readAll();
        }
        auto fields = Json::fields(document);
        if (!fields)
            return fail(tr("--doc: %1").arg(fields.error().message()));
        auto all = std::move(fields).value();
        for (const auto &field : m_parser.values(m_field)) {
            const auto name = field.section(u'=', 0, 0);
            if (name.isEmpty() || !field.contains(u'='))
                return fail(tr("--field must be KEY=VALUE, not %1.").arg(field));
            all.removeIf([&](const Json::Field &old) { return old.name == name; });
            all.append({name, Json::valueFromInput(field.section(u'=', 1))});
        }
        document = Json::object(all);
        return true;
    }

    // The names are those of the npm package's command; the first has one letter, where it has one.
    const QCommandLineOption m_etcd{{u"e"_s, u"etcd"_s},
                                    tr("The cluster (127.0.0.1:4001)."),
                                    u"CONNECTION"_s,
                                    u"127.0.0.1:4001"_s};
    const QCommandLineOption m_verbose{{u"v"_s, u"verbose"_s}, tr("Print whole documents.")};
    const QCommandLineOption m_port{
        {u"p"_s, u"port"_s}, tr("join: port of the service (none)."), u"PORT"_s, u"0"_s};
    const QCommandLineOption m_hostname{{u"h"_s, u"hostname"_s},
                                        tr("join: host of the service (this machine's address)."),
                                        u"HOST"_s};
    const QCommandLineOption m_json{u"json"_s,
                                    tr("Print one JSON array of documents; lookup: one document.")};
    const QCommandLineOption m_count{
        u"count"_s, tr("join: this many instances, on consecutive ports (1)."), u"N"_s, u"1"_s};
    const QCommandLineOption m_field{u"field"_s,
                                     tr("join: a further field of the document; may be repeated. "
                                        "VALUE is JSON, or else a text."),
                                     u"KEY=VALUE"_s};
    const QCommandLineOption m_document{
        u"doc"_s, tr("join: file with the document, a JSON object; - is standard input."),
        u"FILE"_s};
    const QCommandLineOption m_letGo{
        u"let-go"_s, tr("join: hold it no longer when somebody else deletes or replaces its key; "
                        "without this it is put again.")};
    const QCommandLineOption m_yes{u"yes"_s, tr("leave: do not ask.")};
    const QCommandLineOption m_url{u"url"_s, tr("leave: only instances with this URL."), u"URL"_s};
    const QCommandLineOption m_wait{
        {u"w"_s, u"wait"_s}, tr("Accepted for npm's sake, without effect."), u"MS"_s};
    const QCommandLineOption m_slack{
        {u"s"_s, u"slack"_s}, tr("Accepted for npm's sake, without effect."), u"MS"_s};
    const QCommandLineOption m_help{u"help"_s, tr("Print this.")};
    const QCommandLineOption m_version{u"version"_s, tr("Print the version.")};

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
