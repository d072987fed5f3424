// SPDX-License-Identifier: MIT
#include "commandtable.h"

#include "copyas.h"

#include <QCoreApplication>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

struct Texts
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::CommandTable)
};

QString tr(const char *text)
{
    return Texts::tr(text);
}

QStringList copyFormatNames()
{
    QStringList names;
    for (const CopyFormat &format : copyFormats())
        names += format.name;
    return names;
}

const QStringList anyCommand{u"etcd"_s, u"color"_s, u"help"_s, u"version"_s};

} // namespace

const QList<CommandInfo> &commandTable()
{
    const QStringList service{u"port"_s, u"hostname"_s, u"count"_s,       u"field"_s,
                              u"doc"_s,  u"let-go"_s,   u"no-take-over"_s};
    const QStringList output{u"output"_s, u"json"_s};
    static const QList<CommandInfo> table{
        {u"join"_s, u"NAME [SERVER.js | -- COMMAND [ARGUMENT...]]"_s,
         tr("register a service, and keep it registered"),
         tr("Without a COMMAND it is registered at once and kept so until SIGINT or SIGTERM; then "
            "it is left, within three seconds.\n"
            "With one, a free port is chosen unless --port says which, and COMMAND is started with "
            "PORT, HOST and SERVICE_NAME in its environment. It is registered as soon as it "
            "accepts connections on that port, and left as soon as it ends; its exit status is "
            "that of etcd-registry. On SIGTERM the service is left first; COMMAND is sent SIGTERM "
            "--wait ms later, when no client comes any more, and SIGKILL another --slack ms later. "
            "On SIGINT there is no --wait, and another signal ends any waiting. What is told of "
            "the registration goes to standard error; with --verbose also when it is registered.\n"
            "A SERVER.js is run by node."),
         1, 2,
         service + QStringList{u"wait"_s, u"slack"_s, u"check"_s} + output
             + QStringList{u"verbose"_s}},
        {u"apply"_s,
         u"FILE"_s,
         tr("register what a scenario says, and keep it so"),
         tr("FILE (- is standard input) is JSON, in which comments are allowed: services, their "
            "documents, how many instances each has, and whether these crash, pause, flap, change "
            "or leave after a time. share/etcd-registry-browser has scenario.schema.json, which "
            "describes it, and an example.\n"
            "All is registered, and kept so until SIGINT or SIGTERM; then it is left, within three "
            "seconds, and what became of it is told."),
         1,
         1,
         QStringList{u"dry-run"_s} + output,
         {},
         true},
        {u"leave"_s, u"[NAME]"_s, tr("delete instances, after asking"),
         tr("Their owners, if alive, put them back with their next beat: what has a TTL is looked "
            "at for 5 s, and that is told on standard error.\n"
            "Without NAME, --url is needed: nothing else says which ones."),
         0, 1, QStringList{u"url"_s, u"yes"_s, u"verbose"_s} + output},
        {u"list"_s, u"[NAME]"_s, tr("print what is registered"),
         tr("The name of each instance below the namespace of the connection, or of those of one "
            "name; with --verbose their documents, too."),
         0, 1, QStringList{u"verbose"_s} + output},
        {u"lookup"_s, u"NAME"_s, tr("print one of its instances, chosen at random"),
         tr("Names that differ only in their punctuation share their keys' place; an instance of "
            "the very NAME goes before the others.\n"
            "With --count, as many lookups as that, and how often each instance was chosen."),
         1, 1, QStringList{u"count"_s} + output},
        {u"watch"_s, u"[NAME]"_s, tr("print what joins, changes, leaves, expires or is late"),
         tr("One line for each change, from now on until SIGINT or SIGTERM. \"gone\" is what left "
            "or expired while nobody can tell which, and counts as either.\n"
            "With --until it ends, with exit status 0, when that happens; with --for it ends "
            "after that time, with 1 if what it waited for did not happen. What is registered "
            "already counts as joined."),
         0, 1, QStringList{u"for"_s, u"until"_s, u"verbose"_s} + output},
        {u"members"_s, u""_s, tr("print the nodes of the cluster, and how each is"),
         tr("Every member at each address that it tells clients, and the hosts of the connection "
            "that are none of these. What does not answer is shown, and no failure: see STATUS."),
         0, 0, output},
        {u"doctor"_s, u""_s, tr("find what is wrong with registry, cluster and connection"),
         tr("One line for each finding; with --verbose, for each check that found nothing as well. "
            "It writes nothing: whether it may is found out by writes that can't succeed.\n"
            "The exit status is 0 if nothing is found, 1 if something is, and 3 if no node can be "
            "reached."),
         0, 0, QStringList{u"verbose"_s} + output},
        {u"export"_s,
         u"[NAME]"_s,
         tr("print what is registered, so that it can be imported"),
         tr("A line for each instance: a JSON object of its key, its TTL in seconds and its "
            "document. v2 does not tell what a TTL was: it is what is left, and at least the "
            "connection's. What is no document, or has a key that is no text, is left out and "
            "told."),
         0,
         1,
         {}},
        {u"import"_s,
         u"FILE"_s,
         tr("register what was exported, and keep it registered"),
         tr("Until SIGINT or SIGTERM; with --write-only it is written once and expires with its "
            "TTL. FILE - is standard input. What never expired gets the TTL of the connection.\n"
            "If the connection has a namespace, all has to be in or below it."),
         1,
         1,
         QStringList{u"write-only"_s, u"let-go"_s, u"no-take-over"_s},
         {},
         true},
        {u"copy-as"_s, u"FORMAT NAME"_s, tr("print commands that register its instances again"),
         tr("FORMAT is %1. Passwords are left out; set PASSWORD.")
             .arg(copyFormatNames().join(u", "_s)),
         2, 2, QStringList{u"url"_s}, copyFormatNames()},
        {u"completion"_s,
         u"SHELL"_s,
         tr("print what a shell reads to complete command lines"),
         tr("SHELL is bash, zsh or fish. For bash: source <(etcd-registry completion bash)"),
         1,
         1,
         {},
         {u"bash"_s, u"zsh"_s, u"fish"_s}},
        {u"manual"_s, {}, tr("print the manual page, for man -l -"), {}, 0, 0, {}},
        {u"help"_s, u"[COMMAND]"_s, tr("print this, or what a command does"), {}, 0, 1, {}},
    };
    return table;
}

// The names are those of the npm package's command; they have one letter where it has one. Its
// --hostname has the letter that others give to --help.
const QList<OptionInfo> &optionTable()
{
    static const QList<OptionInfo> table{
        {u"etcd"_s, u"e"_s, u"CONNECTION"_s,
         tr("The cluster (ETCD_REGISTRY, else ETCDCTL_ENDPOINTS, else 127.0.0.1:4001).")},
        {u"color"_s,
         {},
         u"WHEN"_s,
         tr("Colours: auto (on a terminal, unless NO_COLOR is set), always or never."),
         {u"auto"_s, u"always"_s, u"never"_s},
         u"auto"_s},
        {u"help"_s, {}, {}, tr("Print what the command does.")},
        {u"version"_s, {}, {}, tr("Print the version.")},
        {u"port"_s,
         u"p"_s,
         u"PORT"_s,
         tr("Port of the service (none; with a COMMAND: a free one)."),
         {},
         u"0"_s},
        {u"hostname"_s, u"h"_s, u"HOST"_s, tr("Host of the service (this machine's address).")},
        {u"count"_s,
         {},
         u"N"_s,
         tr("join: this many instances, on consecutive ports. lookup: this many lookups."),
         {},
         u"1"_s},
        {u"field"_s,
         {},
         u"KEY=VALUE"_s,
         tr("A further field of the document; may be repeated. VALUE is JSON, or else a text.")},
        {u"doc"_s,
         {},
         u"FILE"_s,
         tr("File with the document, a JSON object; - is standard input."),
         {},
         {},
         true},
        {u"let-go"_s,
         {},
         {},
         tr("Hold it no longer when somebody else deletes or replaces its key; without this it is "
            "put again.")},
        {u"no-take-over"_s,
         {},
         {},
         tr("Join not where its key is there already with another document; without this that is "
            "replaced, and told.")},
        {u"wait"_s, u"w"_s, u"MS"_s, tr("From leaving to SIGTERM (2000)."), {}, u"2000"_s},
        {u"slack"_s, u"s"_s, u"MS"_s, tr("From SIGTERM to SIGKILL (5000)."), {}, u"5000"_s},
        {u"check"_s,
         {},
         {},
         tr("Leave while COMMAND accepts no connections, and join again when it does.")},
        {u"write-only"_s, {}, {}, tr("Write once, and end.")},
        {u"dry-run"_s, {}, {}, tr("Register nothing: print what would be there, as export does.")},
        {u"url"_s, {}, u"URL"_s, tr("Only instances with this URL.")},
        {u"yes"_s, {}, {}, tr("Do not ask.")},
        {u"verbose"_s,
         u"v"_s,
         {},
         tr("Print whole documents, as trees. watch: say when it begins. doctor: also what is "
            "fine.")},
        {u"output"_s,
         {},
         u"FORMAT"_s,
         tr("table, json (one array of documents), jsonl (one document a line), names, or names0 "
            "(names as they are, each with a NUL behind it, without those that nobody can read)."),
         {u"table"_s, u"json"_s, u"jsonl"_s, u"names"_s, u"names0"_s}},
        {u"for"_s,
         {},
         u"TIME"_s,
         tr("End after that time: 30s, 500ms, 5m or 1h; a number is seconds.")},
        {u"until"_s,
         {},
         u"EVENT"_s,
         tr("End as soon as that happens: joined, changed, left, expired, late or gone."),
         {u"joined"_s, u"changed"_s, u"left"_s, u"expired"_s, u"late"_s, u"gone"_s}},
        {u"json"_s, {}, {}, tr("The same as --output json.")},
    };
    return table;
}

const CommandInfo *findCommand(const QString &name)
{
    const auto &table = commandTable();
    const auto found = std::ranges::find(table, name, &CommandInfo::name);
    return found == table.end() ? nullptr : &*found;
}

const OptionInfo &option(const QString &name)
{
    const auto found = std::ranges::find(optionTable(), name, &OptionInfo::name);
    Q_ASSERT(found != optionTable().end());
    return *found;
}

QList<OptionInfo> optionsOf(const CommandInfo *command)
{
    QList<OptionInfo> result;
    for (const QString &name : anyCommand + (command ? command->options : QStringList()))
        result += option(name);
    return result;
}

} // namespace EtcdRegistry::Cli
