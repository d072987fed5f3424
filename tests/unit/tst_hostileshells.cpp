// SPDX-License-Identifier: MIT
#include "copyas.h"
#include "help.h"
#include "hostiletexts.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "plaintext.h"

#include <QDeadlineTimer>
#include <QDir>
#include <QProcess>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace Cli = EtcdRegistry::Cli;

namespace {

/// A shell on a terminal of its own, as people have it.
class Terminal
{
public:
    Terminal(const QStringList &command, const QString &folder)
    {
        winsize size{.ws_row = 50, .ws_col = 200, .ws_xpixel = 0, .ws_ypixel = 0};
        QByteArrayList words;
        std::vector<char *> argv;
        for (const QString &word : command)
            words += word.toLocal8Bit();
        for (QByteArray &word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        const QByteArray where = folder.toLocal8Bit();
        m_pid = ::forkpty(&m_terminal, nullptr, nullptr, &size);
        if (m_pid == 0) {
            ::setenv("HOME", where.constData(), 1);
            ::setenv("TERM", "xterm", 1);
            ::setenv("PATH", (where + ":/usr/local/bin:/usr/bin:/bin").constData(), 1);
            if (::chdir(where.constData()) == 0)
                ::execvp(argv[0], argv.data());
            ::_exit(127);
        }
    }
    ~Terminal()
    {
        ::kill(m_pid, SIGKILL);
        ::close(m_terminal);
        ::waitpid(m_pid, nullptr, 0);
    }
    Q_DISABLE_COPY_MOVE(Terminal)

    void type(const QByteArray &keys) const
    {
        if (::write(m_terminal, keys.constData(), size_t(keys.size())) != keys.size())
            qWarning("The terminal takes no input.");
    }

    /// Reads on until that is there.
    template <typename Predicate>
    bool waitFor(const Predicate &isThere, int milliseconds = 10000)
    {
        const QDeadlineTimer deadline(milliseconds);
        while (!isThere()) {
            if (deadline.hasExpired())
                return false;
            pollfd ready{.fd = m_terminal, .events = POLLIN, .revents = 0};
            if (::poll(&ready, 1, 10) <= 0)
                continue;
            char buffer[4096];
            const auto size = ::read(m_terminal, buffer, sizeof buffer);
            if (size <= 0)
                return isThere();
            shown.append(buffer, size);
        }
        return true;
    }

    QByteArray shown;

private:
    int m_terminal = -1;
    pid_t m_pid = -1;
};

const QHash<QString, QStringList> shells{
    {u"bash"_s, {u"bash"_s, u"--norc"_s, u"--noprofile"_s, u"-i"_s}},
    {u"zsh"_s, {u"zsh"_s, u"-f"_s, u"-i"_s}},
    {u"fish"_s, {u"fish"_s, u"--no-config"_s, u"-i"_s}},
};

const QHash<QString, QByteArray> loading{
    {u"bash"_s, "bind 'set bell-style none'; source ./script"},
    {u"zsh"_s, "fpath=($PWD $fpath); autoload -U compinit; compinit -u -d $PWD/dump"},
    {u"fish"_s, "source ./script"},
};

void write(const QString &path, const QByteArray &text)
{
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
        qFatal("Can't write %s.", qPrintable(path));
}

QByteArray contentsOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// What completion offers of it.
QByteArray offered(const QString &name)
{
    Instance instance;
    instance.service = name;
    Cli::Options options;
    options.output = Cli::Options::Output::Names;
    options.forShells = true;
    return Cli::text({instance}, options, Cli::Options::Output::Names);
}

} // namespace

/// Text of a registry in shells: what is completed by TAB is nothing but an argument, and what is
/// copied for a shell is what it says.
class TestHostileShells : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void completes_data();
    void completes();
    void copies_data();
    void copies();
    void copiesJavaScript();
    void copiesNothingBroken();

private:
    QString path(const QString &name) const { return m_folder->filePath(name); }
    bool isHarmed() const { return QFile::exists(path(QString::fromUtf16(hostileFile))); }

    std::unique_ptr<QTemporaryDir> m_folder;
};

/// A command "etcd-registry" that tells names to the completion, and else writes down what it got.
void TestHostileShells::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    for (const QString &name : {u"etcd-registry"_s, u"curl"_s, u"etcdctl"_s}) {
        write(path(name), R"sh(#!/bin/sh
cd "$HOME"
case "$*" in
*names0*) cat names ;;
*'--doc -'*) cat >document; printf '%s\0' "$@" >got ;;
*) printf '%s\0' "$@" >part; mv part got ;;
esac
)sh");
        QFile::setPermissions(path(name), QFile::ReadOwner | QFile::ExeOwner);
    }
}

void TestHostileShells::completes_data()
{
    QTest::addColumn<QString>("shell");
    for (const QString &shell : shells.keys())
        QTest::newRow(qPrintable(shell)) << shell;
}

/// Each name is completed from nothing, and from a half of it in quotes of each kind; what arrives
/// when the line is executed is that name.
void TestHostileShells::completes()
{
    QFETCH(QString, shell);
    if (QStandardPaths::findExecutable(shell).isEmpty())
        QSKIP(qPrintable(shell + u" is not installed"_s));
    write(path(shell == "zsh"_L1 ? u"_etcd-registry"_s : u"script"_s),
          Cli::completionScript(shell).toUtf8());
    Terminal terminal(shells[shell], m_folder->path());
    terminal.type(loading[shell] + "; echo RE'A'DY\r");
    QVERIFY2(terminal.waitFor([&] { return terminal.shown.contains("READY"); }, 30000),
             terminal.shown);

    int completed = 0;
    for (const auto &[tag, text] : hostileTexts()) {
        const QByteArray names = offered(text);
        if (names.isEmpty())
            continue; // nobody could see what it is
        if (shell == "fish"_L1 && (text.contains(u'\t') || text.startsWith(u'~')))
            continue; // fish can't be told
        QCOMPARE(names, text.toUtf8() + '\0');
        write(path(u"names"_s), names);
        const QString half = text.first(std::max<qsizetype>(text.size() / 2, 1));
        const QByteArray before = text.startsWith(u'-') ? "-- " : "";
        const bool isHidden = shell == "fish"_L1 && text.startsWith(u'.'); // until one types it
        QByteArrayList typed{isHidden ? "." : before};
        if (shell == "bash"_L1 && !half.contains(u'\n') && !half.contains(u'\t')) {
            typed += before + '\'' + QString(half).replace(u'\'', u"'\\''"_s).toUtf8();
            if (!half.contains(u'!')) {
                QString escaped;
                for (const QChar c : half)
                    escaped += u"\"\\$`"_s.contains(c) ? u"\\"_s + c : QString(c);
                typed += before + '"' + escaped.toUtf8();
            }
            QString escaped;
            for (const QChar c : half)
                escaped += c.isLetterOrNumber() ? QString(c) : u"\\"_s + c;
            typed += before + escaped.toUtf8();
        }
        for (const QByteArray &line : typed) {
            QFile::remove(path(u"got"_s));
            terminal.shown.clear();
            terminal.type("etcd-registry lookup " + line + "\t\r");
            const bool came = terminal.waitFor([&] { return QFile::exists(path(u"got"_s)); });
            QVERIFY2(came, tag + ": " + line + '\n' + terminal.shown);
            QByteArrayList arguments = contentsOf(path(u"got"_s)).chopped(1).split('\0');
            arguments.removeOne("--");
            QVERIFY2(arguments == QByteArrayList({"lookup", text.toUtf8()}),
                     tag + ": " + line + ": " + arguments.join('|'));
            QVERIFY2(!isHarmed(), tag + ": " + line);
            ++completed;
        }
    }
    QVERIFY2(completed > 40, qPrintable(QString::number(completed)));
}

void TestHostileShells::copies_data()
{
    QTest::addColumn<QString>("format");
    QTest::addColumn<QString>("shell");
    for (const CopyFormat &format : copyFormats()) {
        if (format.name == "javascript"_L1)
            continue;
        for (const QString &shell : {u"sh"_s, u"bash"_s, u"zsh"_s})
            QTest::addRow("%s in %s", qPrintable(format.name), qPrintable(shell))
                << format.name << shell;
    }
}

/// What is copied and carried out is one command with key, name and document as its arguments; it
/// has nothing that a terminal would obey when it is pasted.
void TestHostileShells::copies()
{
    QFETCH(QString, format);
    QFETCH(QString, shell);
    if (QStandardPaths::findExecutable(shell).isEmpty())
        QSKIP(qPrintable(shell + u" is not installed"_s));
    const auto found = std::ranges::find(copyFormats(), format, &CopyFormat::name);
    auto environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"PATH"_s, m_folder->path() + u':' + environment.value(u"PATH"_s));
    environment.insert(u"HOME"_s, m_folder->path());
    int copied = 0;
    for (const auto &[tag, text] : hostileTexts()) {
        if (text.size() > 10000)
            continue; // more than an argument may have
        const Instance instance = hostileInstance(text);
        const QString command = found->text(instance, *ConnectionString::parse(u"127.0.0.1:1"_s));
        if (command.isEmpty())
            continue;
        QVERIFY2(harmIn(command, true).isEmpty() && !command.contains("<<"_L1), tag);
        QFile::remove(path(u"got"_s));
        QProcess process;
        process.setProcessEnvironment(environment);
        process.setWorkingDirectory(m_folder->path());
        process.setStandardInputFile(QProcess::nullDevice());
        process.start(shell, {u"-c"_s, command});
        QVERIFY(process.waitForFinished());
        QVERIFY2(!isHarmed(), tag);
        const QByteArrayList words = contentsOf(path(u"got"_s)).chopped(1).split('\0');
        const QByteArray all = words.join('\0');
        QByteArray document = contentsOf(path(u"document"_s));
        if (format == "curl-v2"_L1) {
            document = words.value(words.indexOf("--data-urlencode") + 1).mid(6);
            QVERIFY2(words.contains("http://127.0.0.1:1/v2/keys/"
                                    + QUrl::toPercentEncoding(instance.key, "/")),
                     tag + ": " + all);
        } else if (format == "curl-v3"_L1) {
            QVERIFY2(all.contains(instance.key.toUtf8().toBase64()), tag + ": " + all);
            QVERIFY2(all.contains(instance.document.toBase64()), tag + ": " + all);
            document = plainJson(instance.document); // it is whole, in base64
        } else if (format == "etcdctl"_L1) {
            document = words.last();
            QCOMPARE(words.value(words.size() - 2), instance.key.toUtf8());
        } else {
            QCOMPARE(words.value(words.indexOf("join") + 1), instance.service.toUtf8());
        }
        QVERIFY2(*Json::fields(document) == *Json::fields(plainJson(instance.document)),
                 tag + document);
        ++copied;
    }
    QVERIFY2(copied > 20, qPrintable(QString::number(copied)));
}

void TestHostileShells::copiesJavaScript()
{
    const auto found = std::ranges::find(copyFormats(), u"javascript"_s, &CopyFormat::name);
    const QString node = QStandardPaths::findExecutable(u"node"_s);
    for (const auto &[tag, text] : hostileTexts()) {
        if (text.size() > 10000)
            continue;
        Instance instance = hostileInstance(text);
        instance.document.replace("\"port\"", "\"__proto__\"");
        const QString code = found->text(instance, *ConnectionString::parse(u"127.0.0.1:1"_s));
        QVERIFY2(harmIn(code, true).isEmpty() && !code.contains(u'<'), tag);
        QCOMPARE(code.isEmpty(), !instance.key.isValidUtf16());
        if (node.isEmpty() || code.isEmpty())
            continue;
        const QString stub =
            u"require=()=>()=>({join:(n,d)=>console.log(JSON.stringify([n,d]))});"_s;
        QProcess process;
        process.start(node, {u"-e"_s, stub
                                          + QString(code)
                                                .remove(u"const registry = "_s)
                                                .replace(u")\n\nregistry.join"_s, u").join"_s)});
        QVERIFY(process.waitForFinished());
        QCOMPARE(process.exitCode(), 0);
        const QByteArray told = process.readAllStandardOutput().trimmed();
        QVERIFY2(told.startsWith('[' + Json::quoted(instance.service)), tag + told);
        QVERIFY2(told.contains("__proto__"), tag + told);
    }
}

void TestHostileShells::copiesNothingBroken()
{
    const auto connection = ConnectionString::parse(u"127.0.0.1:1"_s);
    for (const QByteArray &value :
         QByteArrayList{"x\nEND\ntouch harmed\n", "", "[1]", "{\"a\":1}}", "'; touch x"}) {
        for (const CopyFormat &format : copyFormats())
            QCOMPARE(format.text(brokenInstance(value), *connection), QString());
    }
}

QTEST_GUILESS_MAIN(TestHostileShells)
#include "tst_hostileshells.moc"
