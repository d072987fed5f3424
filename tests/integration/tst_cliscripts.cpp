// SPDX-License-Identifier: MIT
#include "cli.h"
#include "etcdcluster.h"
#include "peer.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <csignal>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

/// What scripts rely on: forms of output, waiting for a service, the environment, and moving
/// registrations to and fro, against a real etcd and both of its stores.
class TestCliScripts : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void forms_data();
    void forms();
    void tables_data() { stores(); }
    void tables();
    void colors();
    void onATerminal();
    void tellsProgressOnATerminal();
    void lookups_data() { stores(); }
    void lookups();
    void environment();
    void watches_data() { stores(); }
    void watches();
    void waits_data() { stores(); }
    void waits();
    void watchEndsWithItsReader();
    void watchSaysWhyNot();
    void exportsAndImports_data() { stores(); }
    void exportsAndImports();
    void exportsWholeTtls_data() { stores(); }
    void exportsWholeTtls();
    void leavesOutKeysThatAreNoText();
    void importsWhatIsRight_data();
    void importsWhatIsRight();
    void copies_data();
    void copies();
    void completes_data();
    void completes();
    void completesNames_data();
    void completesNames();
    void writesWhatShellsRead_data();
    void writesWhatShellsRead();
    void needsNoTerminalNorInput();

private:
    static void stores()
    {
        QTest::addColumn<QString>("store");
        QTest::newRow("v2") << u"v2"_s;
        QTest::newRow("v3") << u"v3"_s;
    }
    /// A namespace of its own for each test function and row.
    QString at(const QString &store, const QString &options = {}) const
    {
        const QString nameSpace = QString::fromLatin1(QTest::currentTestFunction()) + u'-' + store;
        return m_etcd.connectionString(u"/%1?api=%2%3"_s.arg(nameSpace, store, options));
    }
    QByteArray ask(const QStringList &arguments) { return Cli(arguments).run().output; }

    EtcdCluster m_etcd;
};

namespace {

const QByteArray document(const QByteArray &fields)
{
    return R"({"port":80,"name":"web","hostname":"10.0.0.1","host":"10.0.0.1:80","url":"http://10.0.0.1:80")"
           + fields + "}";
}

QStringList joinOf(const QString &connection, const QStringList &more = {})
{
    return QStringList{u"-e"_s, connection,    u"join"_s, u"web"_s,
                       u"-h"_s, u"10.0.0.1"_s, u"-p"_s,   u"80"_s}
           + more;
}

/// The second word of each line.
QByteArrayList eventsIn(const QByteArray &output)
{
    QByteArrayList events;
    for (const QByteArray &line : output.trimmed().split('\n'))
        events += line.simplified().split(' ').value(1);
    return events;
}

} // namespace

void TestCliScripts::initTestCase()
{
    QVERIFY2(m_etcd.start(), qPrintable(m_etcd.error()));
}

// ---- forms of output

void TestCliScripts::forms_data()
{
    QTest::addColumn<QString>("form");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("names") << u"names"_s << QByteArray("web\n");
    QTest::newRow("json") << u"json"_s << '[' + document("") + "]\n";
    QTest::newRow("jsonl") << u"jsonl"_s << document("") + '\n';
}

void TestCliScripts::forms()
{
    QFETCH(QString, form);
    QFETCH(QByteArray, text);
    const QString connection = at(u"v2"_s);
    Held held(joinOf(connection));
    QVERIFY(held.joined);
    for (const QStringList &command :
         {QStringList{u"list"_s}, QStringList{u"lookup"_s, u"web"_s}}) {
        QByteArray expected = text;
        if (command.size() > 1 && form == "json"_L1)
            expected = document("") + '\n';
        QCOMPARE(ask(QStringList{u"-e"_s, connection, u"--output"_s, form} + command), expected);
    }
    held.end(SIGTERM);
}

void TestCliScripts::tables()
{
    QFETCH(QString, store);
    const QString connection = at(store, u"&ttl=40"_s);
    Held held(joinOf(connection));
    QVERIFY(held.joined);
    const QByteArrayList lines =
        ask({u"-e"_s, connection, u"list"_s, u"--output"_s, u"table"_s}).split('\n');
    QCOMPARE(lines.size(), 3);
    QCOMPARE(lines[0].simplified(), "NAMESPACE NAME URL EXPIRES IN");
    QVERIFY(lines[1].startsWith("tables-" + store.toUtf8() + "  web   http://10.0.0.1:80  "));
    const int left = lines[1].mid(lines[1].size() - 4, 2).toInt();
    QVERIFY2(left > 15 && left <= 40, lines[1]);
    QCOMPARE(lines[0].indexOf("NAME", 5), lines[1].indexOf("web"));
    held.end(SIGTERM);
}

void TestCliScripts::colors()
{
    const QString connection = at(u"v2"_s);
    Held held(joinOf(connection));
    QVERIFY(held.joined);
    QCOMPARE(ask({u"-e"_s, connection, u"list"_s}), "web\n"); // into a pipe
    QCOMPARE(ask({u"-e"_s, connection, u"list"_s, u"--color"_s, u"always"_s}),
             "\x1b[33mweb\x1b[39m\n");
    held.end(SIGTERM);
}

/// What etcd-registry shows on a terminal of that many columns.
static QByteArray shownOn(int columns, const QStringList &arguments, const QString &variables = {})
{
    QStringList words;
    for (const QString &argument : QStringList{QStringLiteral(CLI)} + arguments)
        words += u'\'' + argument + u'\'';
    QProcess terminal;
    terminal.start(u"script"_s, {u"-qec"_s,
                                 u"stty cols %1; TERM=xterm %2 %3"_s.arg(columns).arg(
                                     variables, words.join(u' ')),
                                 QProcess::nullDevice()});
    if (!terminal.waitForFinished(20000) || terminal.exitCode() != 0)
        qWarning() << terminal.errorString() << terminal.exitCode();
    return terminal.readAll().replace("\r\n", "\n");
}

void TestCliScripts::onATerminal()
{
    const QString connection = at(u"v2"_s);
    const QString name = u"服务-"_s + QString(60, u'x');
    Held held({u"-e"_s, connection, u"join"_s, name, u"-p"_s, u"80"_s});
    QVERIFY(held.joined);
    const QStringList table{u"-e"_s, connection, u"list"_s, u"--output"_s, u"table"_s};
    const QString plain = QString::fromUtf8(shownOn(60, table, u"NO_COLOR=1"_s));
    QVERIFY2(plain.contains(u"服务-xx"_s) && plain.contains(u"xx…"_s), qPrintable(plain));
    QVERIFY(!plain.contains(u'\x1b'));
    for (const QString &line :
         plain.split(u'\n')) // two characters of the name take two columns each
        QVERIFY2(line.size() + line.count(u'服') + line.count(u'务') <= 60, qPrintable(line));
    QVERIFY(QString::fromUtf8(shownOn(200, table)).contains(name));
    QVERIFY(ask(table).contains(name.toUtf8())); // into a pipe
    QVERIFY(shownOn(60, table).startsWith("\x1b[1m"));
    QCOMPARE(QString::fromUtf8(shownOn(60, {u"-e"_s, connection, u"list"_s})),
             u"\x1b[33m%1\x1b[39m\n"_s.arg(name));
    held.end(SIGTERM);
}

void TestCliScripts::tellsProgressOnATerminal()
{
    const QString connection = at(u"v3"_s);
    QTemporaryDir folder;
    QFile file(folder.filePath(u"exported"_s));
    QVERIFY(file.open(QFile::WriteOnly));
    file.write(Cli({u"-e"_s, connection, u"apply"_s, u"-"_s, u"--dry-run"_s})
                   .run(R"({"registrations": [{"name": "web", "count": 300, "port": 80}]})")
                   .output);
    file.close();
    const QStringList import{u"-e"_s, connection, u"import"_s, u"--write-only"_s, file.fileName()};
    const QByteArray shown = shownOn(80, import);
    QVERIFY2(shown.contains("\r1 of 300"), shown);
    QVERIFY2(shown.endsWith("\r300 of 300\r\x1b[K"), shown); // and it is gone again
    QCOMPARE(Cli(import).run().error, QByteArray());
}

void TestCliScripts::lookups()
{
    QFETCH(QString, store);
    const QString connection = at(store);
    Held held({u"-e"_s, connection, u"join"_s, u"web"_s, u"-p"_s, u"80"_s, u"--count"_s, u"2"_s});
    QVERIFY(held.joined);
    const QByteArrayList lines = ask({u"-e"_s, connection, u"lookup"_s, u"web"_s, u"--count"_s,
                                      u"60"_s, u"--output"_s, u"jsonl"_s})
                                     .trimmed()
                                     .split('\n');
    QCOMPARE(lines.size(), 2); // each of them is found with all but certainty
    int times = 0;
    for (const QByteArray &line : lines)
        times += QJsonDocument::fromJson(line)["times"_L1].toInt();
    QCOMPARE(times, 60);
    held.end(SIGTERM);
}

void TestCliScripts::environment()
{
    const QString connection = at(u"v2"_s);
    Held held(joinOf(connection));
    QVERIFY(held.joined);
    const auto list = [&](const QList<std::pair<QString, QString>> &variables,
                          const QStringList &arguments = {}) {
        Cli cli(arguments + QStringList{u"list"_s});
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        for (const auto &[name, value] : variables)
            environment.insert(name, value);
        cli.setProcessEnvironment(environment);
        cli.run();
        return cli.output + cli.error;
    };
    const QString hosts = m_etcd.endpoints().first().toString();
    QCOMPARE(list({{u"ETCD_REGISTRY"_s, connection}}), "web\n");
    QCOMPARE(list({{u"ETCDCTL_ENDPOINTS"_s, hosts}}), "web\n");
    QCOMPARE(list({{u"ETCDCTL_ENDPOINTS"_s, u"127.0.0.1:1"_s}, {u"ETCD_REGISTRY"_s, connection}}),
             "web\n");
    QCOMPARE(list({{u"ETCD_REGISTRY"_s, u"127.0.0.1:1"_s}}, {u"-e"_s, connection}), "web\n");
    QVERIFY(list({{u"ETCD_REGISTRY"_s, u"ftp://x"_s}}).startsWith("ETCD_REGISTRY: "));
    held.end(SIGTERM);
}

// ---- watch

void TestCliScripts::watches()
{
    QFETCH(QString, store);
    const QString connection = at(store, u"&ttl=6"_s);
    Cli watch({u"-e"_s, connection, u"watch"_s, u"web"_s, u"--verbose"_s});
    Cli other({u"-e"_s, connection, u"watch"_s, u"other"_s, u"--for"_s, u"3"_s});
    QVERIFY(watch.startAndReadError());
    other.start();
    Held first(joinOf(connection));
    QVERIFY(first.joined);
    first.end(SIGKILL);
    while (!watch.output.contains("expired") && watch.waitForReadyRead(20000))
        watch.output += watch.readAllStandardOutput();
    Held second(joinOf(connection));
    second.end(SIGTERM);
    while (watch.output.count('\n') < 5 && watch.waitForReadyRead(20000))
        watch.output += watch.readAllStandardOutput();
    watch.terminate();
    watch.end();
    QCOMPARE(watch.status(), 0);
    const QByteArrayList events = eventsIn(watch.output);
    QVERIFY2(events.join(' ').startsWith("joined late expired joined "), watch.output);
    QVERIFY2(events.last() == "left" || events.last() == "gone", watch.output);
    QVERIFY(watch.output.contains("watches-" + store.toUtf8() + "/web  http://10.0.0.1:80\n"));
    other.end();
    QCOMPARE(other.status(), 0);
    QCOMPARE(other.output, QByteArray());
}

void TestCliScripts::waits()
{
    QFETCH(QString, store);
    const QString connection = at(store);
    Cli inVain({u"-e"_s, connection, u"watch"_s, u"web"_s, u"--until"_s, u"joined"_s, u"--for"_s,
                u"500ms"_s});
    inVain.run();
    QCOMPARE(inVain.status(), 1);
    QCOMPARE(inVain.output, QByteArray());

    Cli wait({u"-e"_s, connection, u"watch"_s, u"web"_s, u"--until"_s, u"joined"_s, u"--output"_s,
              u"jsonl"_s});
    wait.start();
    Held held(joinOf(connection));
    QVERIFY(held.joined);
    wait.end();
    QCOMPARE(wait.status(), 0);
    const QJsonDocument line = QJsonDocument::fromJson(wait.output);
    QCOMPARE(line["event"_L1].toString(), u"joined"_s);
    QCOMPARE(line["name"_L1].toString(), u"web"_s);
    QCOMPARE(line["document"_L1]["port"_L1].toInt(), 80);

    Cli there({u"-e"_s, connection, u"watch"_s, u"web"_s, u"--until"_s, u"joined"_s});
    QCOMPARE(there.run().status(), 0);
    Cli left({u"-e"_s, connection, u"watch"_s, u"web"_s, u"--until"_s, u"left"_s, u"-v"_s});
    QVERIFY(left.startAndReadError());
    held.end(SIGTERM);
    QCOMPARE(left.end().status(), 0);
}

void TestCliScripts::watchEndsWithItsReader()
{
    const QString connection = at(u"v3"_s);
    QProcess shell;
    shell.setProcessEnvironment(QProcessEnvironment::systemEnvironment());
    shell.start(u"sh"_s, {u"-c"_s, u"\"$0\" -e \"$1\" watch | head -n 1"_s, QStringLiteral(CLI),
                          connection});
    for (int i = 0; i < 20 && shell.state() != QProcess::NotRunning; ++i) {
        Held held(joinOf(connection));
        held.end(SIGTERM);
        shell.waitForFinished(200);
    }
    QCOMPARE(shell.state(), QProcess::NotRunning);
    QCOMPARE(shell.readAllStandardOutput().count('\n'), 1);
}

void TestCliScripts::watchSaysWhyNot()
{
    Cli watch({u"-e"_s, u"127.0.0.1:1/x"_s, u"watch"_s, u"--for"_s, u"1s"_s});
    watch.run();
    QCOMPARE(watch.status(), 3); // nobody was reached
    QVERIFY2(watch.error.contains("http://127.0.0.1:1"), watch.error);
}

// ---- export and import

void TestCliScripts::exportsAndImports()
{
    QFETCH(QString, store);
    const QString connection = at(store, u"&ttl=40"_s);
    const QStringList e{u"-e"_s, connection};
    Held held(joinOf(connection, {u"--field"_s, u"n=12345678901234567890"_s}));
    QVERIFY(held.joined);
    const QByteArray exported = ask(e + QStringList{u"export"_s});
    const QByteArray documents = ask(e + QStringList{u"list"_s, u"--json"_s});
    QVERIFY2(exported.contains("12345678901234567890"), exported);
    const int ttl = QJsonDocument::fromJson(exported)["ttl"_L1].toInt();
    QCOMPARE(ttl, 40);
    held.end(SIGTERM);
    QCOMPARE(Cli(e + QStringList{u"list"_s}).run().status(), 1);

    Cli written(e + QStringList{u"import"_s, u"-"_s, u"--write-only"_s});
    QCOMPARE(written.run(exported).status(), 0);
    QCOMPARE(written.output.count('\n'), 1);
    QCOMPARE(ask(e + QStringList{u"list"_s, u"--json"_s}), documents);
    QCOMPARE(Cli(e + QStringList{u"leave"_s, u"web"_s, u"--yes"_s}).run().status(), 0);

    QTemporaryDir folder;
    QFile file(folder.filePath(u"exported.jsonl"_s));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(exported) > 0);
    file.close();
    Held imported(e + QStringList{u"import"_s, file.fileName()});
    QVERIFY(imported.joined);
    QCOMPARE(ask(e + QStringList{u"list"_s, u"--json"_s}), documents);
    imported.end(SIGTERM);
    QCOMPARE(Cli(e + QStringList{u"list"_s}).run().status(), 1);
}

/// v2 tells what is left of a TTL, and not what it was.
void TestCliScripts::exportsWholeTtls()
{
    QFETCH(QString, store);
    const Api api = store == u"v2"_s ? Api::V2 : Api::V3;
    const QString key = u"services/exportsWholeTtls-%1/web/1"_s.arg(store);
    const QByteArray value = R"({"name":"web","url":"http://h"})";
    QVERIFY(m_etcd.put(api, key, value, 9));
    QTest::qWait(1500);
    const QStringList e{u"-e"_s, at(store, u"&ttl=9"_s)};
    const QByteArray exported = ask(e + QStringList{u"export"_s});
    QVERIFY2(exported.contains("\"ttl\":9,"), exported);
    const QByteArray copied = ask(e + QStringList{u"copy-as"_s, u"curl-v2"_s, u"web"_s});
    QVERIFY2(copied.contains("ttl=9"), copied);
    QVERIFY(ask(e + QStringList{u"copy-as"_s, u"etcd-registry"_s, u"web"_s}).contains("ttl=9"));
    QVERIFY(m_etcd.remove(api, key));
}

/// Who can't be written down is told, and is never another.
void TestCliScripts::leavesOutKeysThatAreNoText()
{
    const auto put = [this](const QByteArray &key) {
        const QByteArray value = R"({"name":"web","url":"http://h"})";
        return m_etcd
                   .request(Api::V3, "POST", u"/v3/kv/put"_s,
                            "{\"key\":\"" + key.toBase64() + "\",\"value\":\"" + value.toBase64()
                                + "\"}")
                   .status
               == 200;
    };
    const QByteArray folder = "services/leavesOutKeysThatAreNoText-v3/web/";
    const QByteArray good = folder + "\xc3\xa4";
    QVERIFY(put(folder + "\xff") && put(folder + "\xc3") && put(good));
    const QStringList e{u"-e"_s, at(u"v3"_s)};
    Cli exported(e + QStringList{u"export"_s});
    QCOMPARE(exported.run().status(), 0);
    QCOMPARE(exported.output.count('\n'), 1);
    QVERIFY2(exported.output.contains(good), exported.output);
    QVERIFY2(exported.error.startsWith("2 key"), exported.error);
    QCOMPARE(ask(e + QStringList{u"copy-as"_s, u"etcdctl"_s, u"web"_s}).count("etcdctl"), 1);
    QCOMPARE(ask(e + QStringList{u"list"_s}).count('\n'), 3);
}

void TestCliScripts::importsWhatIsRight_data()
{
    QTest::addColumn<QByteArray>("lines");
    QTest::addColumn<QByteArray>("words");
    const QByteArray good = R"({"document":{"name":"a","port":1}})"
                            "\n";
    QTest::newRow("nothing") << QByteArray("\n\n") << QByteArray("nothing in it");
    QTest::newRow("no JSON") << good + "x\n" << QByteArray("line 2: ");
    QTest::newRow("no name") << QByteArray(R"({"document":{"port":1}})") << QByteArray("line 1: ");
    QTest::newRow("no document") << QByteArray(R"({"key":"services/a"})") << QByteArray("line 1: ");
    QTest::newRow("another field")
        << QByteArray(R"({"document":{"name":"a"},"x":1})") << QByteArray("x is none of");
    QTest::newRow("no time") << QByteArray(R"({"document":{"name":"a"},"ttl":-1})")
                             << QByteArray("ttl");
    QTest::newRow("another namespace")
        << QByteArray(R"({"key":"services/prod/a/4e","document":{"name":"a"}})")
        << QByteArray("not below the namespace");
    QTest::newRow("no text") << QByteArray(
        R"({"key":"services/importsWhatIsRight-v2/\udcff/a/4e","document":{"name":"a"}})")
                             << QByteArray("key is no text");
    QTest::newRow("another key")
        << QByteArray(
               R"({"key":"services/importsWhatIsRight-v2/a/4e","document":{"name":"a","url":"u"}})")
        << QByteArray("the key of this document would be services/importsWhatIsRight-v2/a/");
}

void TestCliScripts::importsWhatIsRight()
{
    QFETCH(QByteArray, lines);
    QFETCH(QByteArray, words);
    const QString connection = at(u"v2"_s);
    Cli cli({u"-e"_s, connection, u"import"_s, u"-"_s, u"--write-only"_s});
    cli.run(lines);
    QCOMPARE(cli.status(), 2);
    QVERIFY2(cli.error.contains(words) && cli.error.count('\n') == 1, cli.error);
    QCOMPARE(Cli({u"-e"_s, connection, u"list"_s}).run().status(), 1); // nothing of it
}

// ---- copy-as

void TestCliScripts::copies_data()
{
    QTest::addColumn<QString>("format");
    QTest::addColumn<QString>("store");
    QTest::addColumn<QString>("program"); // that carries it out
    QTest::newRow("curl, v2") << u"curl-v2"_s << u"v2"_s << u"curl"_s;
    QTest::newRow("curl, v3") << u"curl-v3"_s << u"v3"_s << u"curl"_s;
    QTest::newRow("etcdctl") << u"etcdctl"_s << u"v3"_s << u"etcdctl"_s;
    QTest::newRow("etcd-registry, v2") << u"etcd-registry"_s << u"v2"_s << QString();
    QTest::newRow("etcd-registry, v3") << u"etcd-registry"_s << u"v3"_s << QString();
    QTest::newRow("JavaScript") << u"javascript"_s << u"v2"_s << u"node"_s;
}

/// What is copied is carried out, and the same document is there again.
void TestCliScripts::copies()
{
    QFETCH(QString, format);
    QFETCH(QString, store);
    QFETCH(QString, program);
    if (!program.isEmpty() && QStandardPaths::findExecutable(program).isEmpty())
        QSKIP(qPrintable(program + u" is not installed"_s));
    if (const QString why = NpmPeer::whyNot(); program == "node"_L1 && !why.isEmpty())
        QSKIP(qPrintable(why));
    const QString connection = at(store);
    const QString name = u"it's 网络"_s;
    const QStringList e{u"-e"_s, connection};
    Held held(e
              + QStringList{u"join"_s, name, u"-p"_s, u"80"_s, u"--field"_s,
                            u"text=\"a\\\"$HOME'\\\\n\""_s, u"--field"_s, u"n=9007199254740991"_s});
    QVERIFY(held.joined);
    const QByteArray documents = ask(e + QStringList{u"list"_s, u"--json"_s});
    const QByteArray text = ask(e + QStringList{u"copy-as"_s, format, name});
    QVERIFY(!text.isEmpty());
    held.end(SIGTERM);
    QCOMPARE(Cli(e + QStringList{u"list"_s}).run().status(), 1);

    QProcess copy;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"PATH"_s,
                       QFileInfo(QStringLiteral(CLI)).path() + u':' + environment.value(u"PATH"_s));
    environment.insert(u"NODE_PATH"_s, QStringLiteral(TESTS_DIR "/interop/node_modules"));
    copy.setProcessEnvironment(environment);
    copy.start(program == "node"_L1 ? u"node"_s : u"sh"_s,
               {program == "node"_L1 ? u"-e"_s : u"-c"_s, QString::fromUtf8(text)});
    QTRY_COMPARE_WITH_TIMEOUT(ask(e + QStringList{u"list"_s, u"--json"_s}), documents, 20000);
    if (copy.state() != QProcess::NotRunning && !copy.waitForFinished(1000)) {
        QProcess::execute(u"pkill"_s, {u"-TERM"_s, u"-P"_s, QString::number(copy.processId())});
        copy.terminate(); // it holds it
        QVERIFY(copy.waitForFinished(20000));
    }
}

// ---- completion

namespace {

/// What each shell is told to print of a line's completions; the line is its $0, or what $argv has.
const QHash<QString, QString> printCompletions{
    {u"bash"_s, u"source <(etcd-registry completion bash); COMP_LINE=$0; "
                "COMP_POINT=${#COMP_LINE}; _etcd_registry; printf '%s\\n' \"${COMPREPLY[@]}\""_s},
    {u"fish"_s, u"etcd-registry completion fish | source; complete -C \"$argv\""_s},
    // A shell of its own, on a terminal of its own: there is no other way to ask zsh. It completes
    // the line as far as there is one way only.
    {u"zsh"_s, uR"zsh(
        zmodload zsh/zpty; zpty z zsh -f -i
        etcd-registry completion zsh >_etcd-registry
        zpty -w z "fpath=($PWD $fpath); autoload -U compinit; compinit -u -d $PWD/dump; echo RE'ADY'"
        zpty -r -m z shown '*READY*'
        zpty -w -n z "$0"$'\t'; zpty -r -m z shown '*cart'; print ${shown[-4,-1]}; zpty -d z)zsh"_s},
};

} // namespace

static QByteArray completionsIn(const QString &shell, const QString &line)
{
    QTemporaryDir folder;
    QProcess process;
    process.setWorkingDirectory(folder.path());
    auto environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"PATH"_s,
                       QFileInfo(QStringLiteral(CLI)).path() + u':' + environment.value(u"PATH"_s));
    environment.insert(u"HOME"_s, folder.path());
    process.setProcessEnvironment(environment);
    process.start(shell, {u"-c"_s, printCompletions[shell], line});
    if (!process.waitForFinished(20000))
        qWarning() << process.errorString();
    if (const QByteArray error = process.readAllStandardError(); !error.isEmpty())
        qWarning() << error;
    QByteArrayList words;
    for (const QByteArray &completion : process.readAllStandardOutput().trimmed().split('\n'))
        words += completion.split('\t').first(); // fish describes them behind that
    std::ranges::sort(words);
    return words.join(' ');
}

void TestCliScripts::completes_data()
{
    QTest::addColumn<QString>("shell");
    QTest::addColumn<QString>("line");
    QTest::addColumn<QByteArray>("reply");
    const auto row = [](const char *line, const QByteArray &reply) {
        for (const char *shell : {"bash", "fish"}) {
            QTest::addRow("%s: %s", shell, line)
                << QString::fromLatin1(shell) << u"etcd-registry "_s + QString::fromLatin1(line)
                << reply;
        }
    };
    row("l", "leave list lookup");
    row("list --ou", "--output");
    row("list --output j", "json jsonl");
    row("--color always co", "completion copy-as");
    row("-e list:1 co", "completion copy-as");
    row("copy-as cu", "curl-v2 curl-v3");
    row("help w", "watch");
    row("leave --y", "--yes");
    row("list --y", "");
    row("-e 'http://127.0.0.1:2379/shop?api=v3&ttl=4' copy-as cu", "curl-v2 curl-v3");
}

void TestCliScripts::completes()
{
    QFETCH(QString, shell);
    QFETCH(QString, line);
    if (QStandardPaths::findExecutable(shell).isEmpty())
        QSKIP(qPrintable(shell + u" is not installed"_s));
    QTEST(completionsIn(shell, line), "reply");
}

/// The names of services, of the cluster that the line is about.
void TestCliScripts::completesNames_data()
{
    QTest::addColumn<QString>("shell");
    QTest::addColumn<QString>("option");
    for (const QString &shell : printCompletions.keys()) {
        for (const QString &option : {u"-e %1"_s, u"-e '%1'"_s, u"--etcd \"%1\""_s})
            QTest::addRow("%s: %s", qPrintable(shell), qPrintable(option)) << shell << option;
    }
}

void TestCliScripts::completesNames()
{
    QFETCH(QString, shell);
    QFETCH(QString, option);
    if (QStandardPaths::findExecutable(shell).isEmpty())
        QSKIP(qPrintable(shell + u" is not installed"_s));
    const QString connection = m_etcd.connectionString(u"/completion"_s);
    Held held({u"-e"_s, connection, u"join"_s, u"cart"_s, u"-p"_s, u"80"_s});
    QVERIFY(held.joined);
    const QString line = u"etcd-registry %1 lookup c"_s.arg(option.arg(connection));
    const QByteArray shown = completionsIn(shell, line);
    QVERIFY2(shown.endsWith("cart"), shown);
    held.end(SIGTERM);
}

void TestCliScripts::writesWhatShellsRead_data()
{
    QTest::addColumn<QString>("shell");
    for (const QString &shell : {u"bash"_s, u"zsh"_s, u"fish"_s})
        QTest::newRow(qPrintable(shell)) << shell;
}

void TestCliScripts::writesWhatShellsRead()
{
    QFETCH(QString, shell);
    if (QStandardPaths::findExecutable(shell).isEmpty())
        QSKIP(qPrintable(shell + u" is not installed"_s));
    QTemporaryDir folder;
    QFile file(folder.filePath(u"script"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QVERIFY(file.write(ask({u"completion"_s, shell})) > 1000);
    file.close();
    QCOMPARE(QProcess::execute(shell, {u"-n"_s, file.fileName()}), 0);
}

// ---- the surroundings

void TestCliScripts::needsNoTerminalNorInput()
{
    const QString connection = at(u"v3"_s);
    Cli cli(joinOf(connection));
    cli.setStandardInputFile(QProcess::nullDevice());
    QVERIFY(cli.startAndRead(1));
    QProcess shell;
    shell.start(u"sh"_s,
                {u"-c"_s, u"\"$0\" -e \"$1\" list <&- 2>&-"_s, QStringLiteral(CLI), connection});
    QVERIFY(shell.waitForFinished(20000));
    QCOMPARE(shell.exitCode(), 0);
    QCOMPARE(shell.readAllStandardOutput(), "web\n");
    cli.terminate();
    QCOMPARE(cli.end().status(), 0);
}

QTEST_GUILESS_MAIN(TestCliScripts)
#include "tst_cliscripts.moc"
