// SPDX-License-Identifier: MIT
#include "cli.h"
#include "etcdcluster.h"
#include "layout.h"

#include <QFile>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace {

// Servers that listen on PORT after a while and end with 7 on SIGTERM. They tell what they do in
// the file LOG, before they do it and with the time.

constexpr auto python = R"(
import os, signal, socket, sys, time
log = open(os.environ["LOG"], "a", buffering=1)
address = os.environ.get("ADDRESS", "127.0.0.1")
def tell(what):
    log.write("%s %d\n" % (what, time.time() * 1000))
def terminate(*_):
    tell("SIGTERM")
    if "STUBBORN" not in os.environ:
        sys.exit(7)
def listen(*_):
    global server
    tell("listens")
    server = socket.create_server((address, int(os.environ["PORT"])), backlog=100,
        family=socket.AF_INET6 if ":" in address else socket.AF_INET)
def close(*_):
    server.close()
    tell("closed")
signal.signal(signal.SIGTERM, terminate)
signal.signal(signal.SIGUSR1, close)
signal.signal(signal.SIGUSR2, listen)
tell("pid:%d" % os.getpid())
time.sleep(0.5)
listen()
while True:
    time.sleep(100)
)";

constexpr auto javaScript = R"(
const tell = what => require('fs').appendFileSync(process.env.LOG, `${what} ${Date.now()}\n`);
process.on('SIGTERM', () => { tell('SIGTERM'); process.exit(7); });
setTimeout(() => {
    tell('listens');
    require('net').createServer(socket => socket.end()).listen(process.env.PORT);
}, 500);
)";

constexpr auto shell = R"sh(
tell() { echo "$1 $(date +%s%3N)" >>"$LOG"; }
trap 'tell SIGTERM; kill "$server"; exit 7' TERM
sleep 0.5
tell listens
python3 -m http.server --bind 127.0.0.1 "$PORT" >/dev/null 2>&1 &
server=$!
wait
)sh";

bool isInstalled(const QString &program)
{
    return !QStandardPaths::findExecutable(program).isEmpty();
}

} // namespace

/// join NAME -- COMMAND with servers as people have them, against a real etcd and both stores.
class TestRun : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();

    void life_data();
    void life();
    void listensOnOneAddress_data();
    void listensOnOneAddress();
    void interrupt();
    void secondSignal();
    void ignoresTermination();
    void statuses_data();
    void statuses();
    void diesWhileRegistered_data() { stores(); }
    void diesWhileRegistered();
    void diesWithUs();
    void leftoversEnd();
    void check_data() { stores(); }
    void check();
    void diesWhileLeaving();
    void withoutCheck();
    void neverListens();
    void registryIsDown_data() { stores(); }
    void registryIsDown();

    void runsServerJs();
    void channelsAreTheCommands();
    void environment();
    void cannotBeRun_data();
    void cannotBeRun();
    void usage_data();
    void usage();
    void portIsTaken();
    void readsFromTerminal();
    void interruptFromTerminal();

private:
    static void stores();
    QString write(const QString &name, const QByteArray &text);
    QStringList server(const QString &kind);
    QByteArray log() const;
    qint64 loggedAt(const QByteArray &what) const;
    pid_t serverPid() const { return pid_t(log().mid(4, log().indexOf(' ') - 4).toInt()); }

    QStringList join(const QString &store, const QStringList &options,
                     const QStringList &command) const;
    bool isRegistered(const QString &store, EtcdCluster *etcd = nullptr);

    EtcdCluster m_etcd;
    std::unique_ptr<QTemporaryDir> m_folder;
    quint16 m_port = 0;
};

void TestRun::initTestCase()
{
    QVERIFY2(m_etcd.start(), qPrintable(m_etcd.error()));
    QVERIFY(m_etcd.servesV2());
}

void TestRun::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_port = LocalEtcd::freePort();
    qputenv("LOG", m_folder->filePath(u"log"_s).toUtf8());
}

void TestRun::stores()
{
    QTest::addColumn<QString>("store");
    QTest::newRow("v2") << u"v2"_s;
    QTest::newRow("v3") << u"v3"_s;
}

QString TestRun::write(const QString &name, const QByteArray &text)
{
    QFile file(m_folder->filePath(name));
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
        qFatal("No temporary file");
    return file.fileName();
}

/// Empty where there can be none.
QStringList TestRun::server(const QString &kind)
{
    if (kind == "node"_L1)
        return isInstalled(u"node"_s) ? QStringList{u"node"_s, write(u"server.js"_s, javaScript)}
                                      : QStringList();
    if (!isInstalled(u"python3"_s))
        return {};
    if (kind == "shell"_L1)
        return {u"bash"_s, write(u"server.sh"_s, shell)};
    return {u"python3"_s, write(u"server.py"_s, python)};
}

QByteArray TestRun::log() const
{
    QFile file(m_folder->filePath(u"log"_s));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// In ms since 1970; 0: not yet.
qint64 TestRun::loggedAt(const QByteArray &what) const
{
    const QByteArray text = log();
    const qsizetype begin = text.indexOf(what + ' ');
    return begin < 0 ? 0 : text.mid(begin + what.size() + 1, 13).toLongLong();
}

QStringList TestRun::join(const QString &store, const QStringList &options,
                          const QStringList &command) const
{
    return QStringList{u"-e"_s,   m_etcd.connectionString(u"/run?api=%1&ttl=60"_s.arg(store)),
                       u"join"_s, u"web"_s,
                       u"-h"_s,   u"127.0.0.1"_s,
                       u"-p"_s,   QString::number(m_port)}
           + options + QStringList{u"--"_s} + command;
}

bool TestRun::isRegistered(const QString &store, EtcdCluster *etcd)
{
    const Service service{
        .name = u"web"_s, .nameSpace = u"run"_s, .hostname = u"127.0.0.1"_s, .port = m_port};
    return (etcd ? etcd : &m_etcd)
        ->get(store == "v2"_L1 ? Api::V2 : Api::V3, Layout::encode(service)->key)
        .has_value();
}

#define REQUIRE_SERVER(command, kind)                                                              \
    const QStringList command = server(kind);                                                      \
    if (command.isEmpty())                                                                         \
    QSKIP("needs node or python3, which is not installed")

// ---- a server's life

void TestRun::life_data()
{
    QTest::addColumn<QString>("kind");
    QTest::addColumn<QString>("store");
    for (const char *kind : {"node", "python", "shell"}) {
        for (const char *store : {"v2", "v3"}) {
            QTest::addRow("%s, %s", kind, store)
                << QString::fromLatin1(kind) << QString::fromLatin1(store);
        }
    }
}

/// Registered once it listens, left before it is told to end, and its status is ours.
void TestRun::life()
{
    QFETCH(QString, kind);
    QFETCH(QString, store);
    REQUIRE_SERVER(command, kind);
    Cli cli(join(store, {u"--wait"_s, u"3000"_s}, command));
    cli.start();
    while (!isRegistered(store)) {
        QVERIFY2(cli.state() != QProcess::NotRunning, cli.readAllStandardError());
        QTest::qWait(10);
    }
    QVERIFY2(loggedAt("listens") != 0, log());

    const qint64 told = QDateTime::currentMSecsSinceEpoch();
    cli.terminate();
    while (isRegistered(store))
        QTest::qWait(10);
    QCOMPARE(loggedAt("SIGTERM"), 0);
    QCOMPARE(cli.end().status(), 7);
    QVERIFY2(loggedAt("SIGTERM") >= told + 3000, log());
    QCOMPARE(cli.output, QByteArray());
    QCOMPARE(cli.error, QByteArray());
}

void TestRun::listensOnOneAddress_data()
{
    QTest::addColumn<QString>("address");
    QTest::newRow("127.0.0.1") << u"127.0.0.1"_s;
    QTest::newRow("::1") << u"::1"_s;
    QTest::newRow("the registered one") << Layout::localAddress();
}

void TestRun::listensOnOneAddress()
{
    QFETCH(QString, address);
    REQUIRE_SERVER(command, u"python"_s);
    if (QTcpServer possible; !possible.listen(QHostAddress(address)))
        QSKIP("this machine has no such address");
    qputenv("ADDRESS", address.toUtf8());
    const QStringList options{u"--verbose"_s, u"-h"_s, Layout::localAddress()};
    Cli cli(join(u"v3"_s, options, command));
    cli.start();
    qunsetenv("ADDRESS");
    cli.setReadChannel(QProcess::StandardError);
    QVERIFY(cli.waitForReadyRead(20000));
    QVERIFY(cli.readLine().endsWith(" is registered.\n"));
    if (QHostAddress(address).isLoopback() && !QHostAddress(Layout::localAddress()).isLoopback()) {
        QVERIFY(cli.canReadLine() || cli.waitForReadyRead(20000));
        QVERIFY(cli.readLine().contains("from this machine only"));
    }
    ::kill(pid_t(cli.processId()), SIGINT);
    QCOMPARE(cli.end().status(), 7);
    QCOMPARE(cli.error, QByteArray());
}

void TestRun::interrupt()
{
    REQUIRE_SERVER(command, u"python"_s);
    Cli cli(join(u"v3"_s, {u"--wait"_s, u"600000"_s}, command));
    cli.start();
    QTRY_VERIFY_WITH_TIMEOUT(isRegistered(u"v3"_s), 20000);
    ::kill(pid_t(cli.processId()), SIGINT);
    QCOMPARE(cli.end().status(), 7);
    QVERIFY(!isRegistered(u"v3"_s));
    QVERIFY(loggedAt("SIGTERM") != 0);
}

void TestRun::secondSignal()
{
    REQUIRE_SERVER(command, u"python"_s);
    qputenv("STUBBORN", "1");
    Cli cli(join(u"v3"_s, {u"--wait"_s, u"600000"_s, u"--slack"_s, u"600000"_s}, command));
    cli.start();
    qunsetenv("STUBBORN");
    QTRY_VERIFY_WITH_TIMEOUT(isRegistered(u"v3"_s), 20000);
    ::kill(pid_t(cli.processId()), SIGHUP);
    QTRY_VERIFY(!isRegistered(u"v3"_s));
    QCOMPARE(loggedAt("SIGTERM"), 0);
    cli.terminate();
    QTRY_VERIFY(loggedAt("SIGTERM") != 0);
    QCOMPARE(cli.state(), QProcess::Running);
    cli.terminate();
    QCOMPARE(cli.end().status(), 128 + SIGKILL);
}

void TestRun::ignoresTermination()
{
    REQUIRE_SERVER(command, u"python"_s);
    qputenv("STUBBORN", "1");
    Cli cli(join(u"v3"_s, {u"--wait"_s, u"0"_s, u"--slack"_s, u"1000"_s}, command));
    cli.start();
    qunsetenv("STUBBORN");
    QTRY_VERIFY_WITH_TIMEOUT(isRegistered(u"v3"_s), 20000);
    const qint64 told = QDateTime::currentMSecsSinceEpoch();
    cli.terminate();
    QCOMPARE(cli.end().status(), 128 + SIGKILL);
    QVERIFY(loggedAt("SIGTERM") >= told);
    QVERIFY(QDateTime::currentMSecsSinceEpoch() >= told + 1000);
    QVERIFY(!isRegistered(u"v3"_s));
}

void TestRun::statuses_data()
{
    QTest::addColumn<QString>("script");
    QTest::addColumn<int>("status");
    QTest::newRow("0") << u"exit 0"_s << 0;
    QTest::newRow("7") << u"exit 7"_s << 7;
    QTest::newRow("255") << u"exit 255"_s << 255;
    QTest::newRow("SIGKILL") << u"kill -KILL $$"_s << 128 + SIGKILL;
    QTest::newRow("SIGSEGV") << u"kill -SEGV $$"_s << 128 + SIGSEGV;
}

void TestRun::statuses()
{
    QFETCH(QString, script);
    Cli cli(join(u"v3"_s, {}, {u"sh"_s, u"-c"_s, script}));
    QTEST(cli.run().status(), "status");
    QCOMPARE(cli.error, QByteArray());
    QVERIFY(!isRegistered(u"v3"_s));
}

void TestRun::diesWhileRegistered()
{
    QFETCH(QString, store);
    REQUIRE_SERVER(command, u"python"_s);
    Cli cli(join(store, {u"--wait"_s, u"600000"_s}, command));
    cli.start();
    QTRY_VERIFY_WITH_TIMEOUT(isRegistered(store), 20000);
    ::kill(serverPid(), SIGKILL);
    QCOMPARE(cli.end().status(), 128 + SIGKILL);
    QVERIFY(!isRegistered(store));
}

void TestRun::diesWithUs()
{
#ifndef Q_OS_LINUX
    QSKIP("only Linux ends it");
#endif
    REQUIRE_SERVER(command, u"python"_s);
    Cli cli(join(u"v3"_s, {}, command));
    cli.start();
    QTRY_VERIFY_WITH_TIMEOUT(isRegistered(u"v3"_s), 20000);
    cli.kill();
    QTRY_VERIFY(loggedAt("SIGTERM") != 0);
}

/// A shell that is killed does not tell what it started.
void TestRun::leftoversEnd()
{
    REQUIRE_SERVER(command, u"python"_s);
    const QString script = u"\"$0\" \"$1\" & while [ ! -e go ]; do sleep 0.1; done"_s;
    Cli cli(join(u"v3"_s, {}, QStringList{u"sh"_s, u"-c"_s, script} + command));
    cli.setWorkingDirectory(m_folder->path());
    cli.start();
    QTRY_VERIFY_WITH_TIMEOUT(isRegistered(u"v3"_s), 20000);
    write(u"go"_s, {});
    QCOMPARE(cli.end().status(), 0);
    QVERIFY(!isRegistered(u"v3"_s));
    QTRY_VERIFY(loggedAt("SIGTERM") != 0);
}

// ---- troubles

void TestRun::check()
{
    QFETCH(QString, store);
    REQUIRE_SERVER(command, u"python"_s);
    Cli cli(join(store, {u"--check"_s}, command));
    cli.start();
    QTRY_VERIFY_WITH_TIMEOUT(isRegistered(store), 20000);
    ::kill(serverPid(), SIGUSR1);
    QTRY_VERIFY_WITH_TIMEOUT(!isRegistered(store), 20000);
    ::kill(serverPid(), SIGUSR2);
    QTRY_VERIFY_WITH_TIMEOUT(isRegistered(store), 20000);
    ::kill(pid_t(cli.processId()), SIGINT);
    QCOMPARE(cli.end().status(), 7);
    QVERIFY2(cli.error.contains("is left: ") && cli.error.endsWith(" is registered.\n"), cli.error);
    QVERIFY(!isRegistered(store));
}

/// The end waits for what --check had begun.
void TestRun::diesWhileLeaving()
{
    REQUIRE_SERVER(command, u"python"_s);
    Cli cli(join(u"v3"_s, {u"--check"_s}, command));
    cli.setReadChannel(QProcess::StandardError);
    cli.start();
    QTRY_VERIFY_WITH_TIMEOUT(isRegistered(u"v3"_s), 20000);
    m_etcd.suspend(0);
    ::kill(serverPid(), SIGUSR1);
    const bool told = cli.waitForReadyRead(20000);
    ::kill(serverPid(), SIGKILL);
    const bool ended = cli.waitForFinished(500);
    m_etcd.resume(0);
    QVERIFY(told && !ended);
    QCOMPARE(cli.end().status(), 128 + SIGKILL);
    QVERIFY2(cli.error.count('\n') == 1, cli.error); // that it is left
    QVERIFY(!isRegistered(u"v3"_s));
}

void TestRun::withoutCheck()
{
    REQUIRE_SERVER(command, u"python"_s);
    Cli cli(join(u"v3"_s, {}, command));
    cli.start();
    QTRY_VERIFY_WITH_TIMEOUT(isRegistered(u"v3"_s), 20000);
    ::kill(serverPid(), SIGUSR1);
    QTRY_VERIFY(loggedAt("closed") != 0);
    QTest::qWait(2500); // longer than --check takes to see it
    QVERIFY(isRegistered(u"v3"_s));
    ::kill(pid_t(cli.processId()), SIGINT);
    QCOMPARE(cli.end().status(), 7);
}

void TestRun::neverListens()
{
    Cli cli(join(u"v3"_s, {}, {u"sleep"_s, u"600"_s}));
    cli.setReadChannel(QProcess::StandardError);
    cli.start();
    QVERIFY(cli.waitForReadyRead(20000));
    const QByteArray told = cli.readAll();
    QVERIFY2(told.contains("not registered yet") && told.contains(QByteArray::number(m_port)),
             told);
    QVERIFY(!isRegistered(u"v3"_s));
    cli.terminate();
    QCOMPARE(cli.end().status(), 128 + SIGTERM);
    QCOMPARE(cli.error, QByteArray());
}

/// The server runs on, and is registered as soon as it can be.
void TestRun::registryIsDown()
{
    QFETCH(QString, store);
    REQUIRE_SERVER(command, u"python"_s);
    EtcdCluster etcd;
    QVERIFY2(etcd.start(), qPrintable(etcd.error()));
    QVERIFY(etcd.kill(0));
    const auto options = u"/run?api=%1&timeout=500&deadline=1000"_s.arg(store);
    Cli cli(join(store, {u"-e"_s, etcd.connectionString(options)}, command));
    cli.setReadChannel(QProcess::StandardError);
    cli.start();
    QVERIFY(cli.waitForReadyRead(20000));
    const QByteArray told = cli.readAll();
    QVERIFY2(told.contains("could not be registered"), told);
    QVERIFY2(etcd.restart(0), qPrintable(etcd.error()));
    QTRY_VERIFY_WITH_TIMEOUT(isRegistered(store, &etcd), 60000);
    QCOMPARE(loggedAt("SIGTERM"), 0);
    ::kill(pid_t(cli.processId()), SIGINT);
    QCOMPARE(cli.end().status(), 7);
    QVERIFY2(cli.error.contains("is registered"), cli.error);
}

// ---- the command

void TestRun::runsServerJs()
{
    REQUIRE_SERVER(command, u"node"_s);
    QStringList arguments = join(u"v2"_s, {}, {});
    arguments.insert(4, command.last());
    arguments.removeLast(); // the dashes
    Cli cli(arguments);
    cli.start();
    QTRY_VERIFY_WITH_TIMEOUT(isRegistered(u"v2"_s), 20000);
    ::kill(pid_t(cli.processId()), SIGINT);
    QCOMPARE(cli.end().status(), 7);
}

void TestRun::channelsAreTheCommands()
{
    QByteArray bytes;
    for (int i = 0; i < 300000; ++i)
        bytes += char(i);
    Cli cli(join(u"v3"_s, {}, {u"sh"_s, u"-c"_s, u"cat; printf 'a\\000\\377' >&2; exit 3"_s}));
    cli.run(bytes);
    QCOMPARE(cli.status(), 3);
    QVERIFY(cli.output == bytes);
    QCOMPARE(cli.error, QByteArray("a\0\377", 3));
}

void TestRun::environment()
{
    const QStringList print{u"sh"_s, u"-c"_s, u"echo \"$PORT $HOST $SERVICE_NAME\""_s};
    Cli given(join(u"v3"_s, {}, print));
    QCOMPARE(given.run().output, QByteArray::number(m_port) + " 127.0.0.1 web\n");
    Cli chosen(QStringList{u"join"_s, u"my web"_s, u"--"_s} + print);
    const QByteArrayList words = chosen.run().output.trimmed().split(' ');
    QCOMPARE(words.size(), 4);
    QVERIFY(words[0].toInt() > 1024);
    QCOMPARE(words[1], Layout::localAddress().toUtf8());
    QCOMPARE(words[2] + ' ' + words[3], "my web");
}

void TestRun::cannotBeRun_data()
{
    QTest::addColumn<QString>("command");
    QTest::addColumn<int>("status");
    QTest::newRow("not found") << u"no-such-command"_s << 127;
    QTest::newRow("no such file") << u"/no/such/command"_s << 127;
    QTest::newRow("not executable") << u"/etc/passwd"_s << 126;
}

void TestRun::cannotBeRun()
{
    QFETCH(QString, command);
    Cli cli(join(u"v3"_s, {}, {command}));
    QTEST(cli.run().status(), "status");
    QVERIFY2(cli.error.startsWith(command.toUtf8()) && cli.error.count('\n') == 1, cli.error);
    QVERIFY(!isRegistered(u"v3"_s));
}

void TestRun::usage_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QByteArray>("words"); // of the error
    QTest::newRow("no command") << QStringList{u"--"_s} << QByteArray("missing after --");
    QTest::newRow("output") << QStringList{u"--json"_s, u"--"_s, u"true"_s}
                            << QByteArray("--output");
    QTest::newRow("ports") << QStringList{u"--count"_s, u"2"_s, u"--"_s, u"true"_s}
                           << QByteArray("--count");
    QTest::newRow("document") << QStringList{u"--doc"_s, u"/dev/null"_s, u"--"_s, u"true"_s}
                              << QByteArray("--doc");
}

void TestRun::usage()
{
    QFETCH(QStringList, arguments);
    QFETCH(QByteArray, words);
    Cli cli(QStringList{u"join"_s, u"web"_s} + arguments);
    QCOMPARE(cli.run().status(), 2);
    QVERIFY2(cli.error.contains(words) && cli.error.count('\n') == 1, cli.error);
}

void TestRun::portIsTaken()
{
    QTcpServer other;
    QVERIFY(other.listen(QHostAddress::LocalHost, m_port));
    Cli cli(join(u"v3"_s, {}, {u"true"_s}));
    QCOMPARE(cli.run().status(), 2);
    QVERIFY2(cli.error.contains(QByteArray::number(m_port)) && cli.error.count('\n') == 1,
             cli.error);
}

// ---- a terminal

namespace {

/// A terminal of its own, in whose foreground a command runs.
class Terminal
{
public:
    explicit Terminal(QProcess &process)
        : m_end(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC))
    {
        if (m_end < 0 || grantpt(m_end) != 0 || unlockpt(m_end) != 0)
            qFatal("No terminal");
        process.setChildProcessModifier([name = QByteArray(ptsname(m_end))] {
            ::setsid();
            const int input = ::open(name, O_RDWR);
            ::ioctl(input, TIOCSCTTY, 0);
            ::dup2(input, STDIN_FILENO);
        });
    }
    ~Terminal() { ::close(m_end); }

    bool type(const QByteArray &keys)
    {
        return ::write(m_end, keys.constData(), size_t(keys.size())) == keys.size();
    }

private:
    const int m_end;
};

} // namespace

void TestRun::readsFromTerminal()
{
    Cli cli(join(u"v3"_s, {}, {u"sh"_s, u"-c"_s, u"read -r line; echo \"$line\"; exit 5"_s}));
    Terminal terminal(cli);
    cli.start();
    QVERIFY(terminal.type("hello\n"));
    QCOMPARE(cli.end().status(), 5);
    QCOMPARE(cli.output, "hello\n");
}

/// Ctrl-C must not end the server while clients still find it.
void TestRun::interruptFromTerminal()
{
    REQUIRE_SERVER(command, u"python"_s); // which it would end, with another status
    Cli cli(join(u"v3"_s, {}, command));
    Terminal terminal(cli);
    cli.start();
    QTRY_VERIFY_WITH_TIMEOUT(isRegistered(u"v3"_s), 20000);
    QVERIFY(terminal.type("\x03"));
    QCOMPARE(cli.end().status(), 7);
    QVERIFY(!isRegistered(u"v3"_s));
    QVERIFY(loggedAt("SIGTERM") != 0);
}

QTEST_GUILESS_MAIN(TestRun)
#include "tst_run.moc"
