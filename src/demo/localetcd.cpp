// SPDX-License-Identifier: MIT
#include "localetcd.h"

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QNetworkProxy>
#include <QNetworkReply>
#include <QStandardPaths>

#include <csignal>
#include <unistd.h>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

// Each line on stdin starts etcd once more. What etcd prints goes through a FIFO to the log, whose
// end tells that etcd has ended; the ended process is not waited for, so that nobody else gets its
// pid while we may still signal it. At the end of stdin everything goes. SIGPIPE is ignored
// because our stdout may have no reader any more.
constexpr auto guardScript = R"(
trap '' HUP INT TERM PIPE
folder=$1; shift
mkfifo "$folder/output"
etcd=
while read -r _; do
    { cat <"$folder/output" >>"$folder/etcd.log"; echo ended; } &
    "$@" </dev/null >"$folder/output" 2>&1 &
    etcd=$!
    echo "started $etcd"
done
[ -z "$etcd" ] || kill -KILL "$etcd"
wait
rm -rf "$folder"
)";

} // namespace

LocalEtcd::LocalEtcd(Options options, QObject *parent)
    : QObject(parent)
    , m_options(std::move(options))
    , m_clientPort(m_options.clientPort)
    , m_peerPort(m_options.peerPort)
{
    m_network.setProxy(QNetworkProxy::NoProxy);
    m_askTimer.setSingleShot(true);
    m_askTimer.setInterval(std::chrono::milliseconds(50));
    connect(&m_askTimer, &QTimer::timeout, this, &LocalEtcd::ask);
    m_startTimer.setSingleShot(true);
    m_startTimer.setInterval(m_options.startTimeout);
    connect(&m_startTimer, &QTimer::timeout, this, [this] {
        const QString reason = reasonFromLog();
        fail(tr("etcd did not answer within %1 s on %2. %3")
                 .arg(m_options.startTimeout.count() / 1000)
                 .arg(clientUrl().toString(), reason)
                 .trimmed());
    });
}

LocalEtcd::~LocalEtcd()
{
    stopGuard();
}

void LocalEtcd::start()
{
    if (m_starting || m_running)
        return;
    m_starting = true;
    m_startTimer.start();
    if (m_help.isEmpty())
        probe();
    else
        launch();
}

void LocalEtcd::restart()
{
    if (m_running) {
        m_startWhenEnded = true;
        kill();
    } else {
        start();
    }
}

void LocalEtcd::probe()
{
    const QString message = tr("etcd is not installed, or can't be run: no private etcd can be "
                               "started. Install it (on Debian: apt-get install etcd-server) and "
                               "try again.");
    const QString named = qEnvironmentVariable("ETCD_BINARY");
    m_program = QStandardPaths::findExecutable(named.isEmpty() ? u"etcd"_s : named);
    if (m_program.isEmpty()) {
        QMetaObject::invokeMethod(
            this, [this, message] { fail(message); }, Qt::QueuedConnection);
        return;
    }
    auto *process = new QProcess(this);
    process->setProcessChannelMode(QProcess::MergedChannels);
    const auto failure = [this, process, message](QProcess::ProcessError error) {
        if (error != QProcess::FailedToStart) // finished() comes too
            return;
        process->deleteLater();
        fail(message);
    };
    connect(process, &QProcess::errorOccurred, this, failure, Qt::QueuedConnection);
    connect(process, &QProcess::finished, this, [this, process] {
        process->deleteLater();
        m_help = process->readAll();
        launch();
    });
    process->start(m_program, {u"--help"_s});
}

void LocalEtcd::launch()
{
    if (m_guard || startGuard())
        m_guard->write("\n");
}

bool LocalEtcd::startGuard()
{
    if (!m_options.clientPort)
        m_clientPort = freePort();
    if (!m_options.peerPort) {
        do
            m_peerPort = freePort();
        while (m_peerPort == m_clientPort);
    }
    m_folder = std::make_unique<QTemporaryDir>();
    if (!m_folder->isValid()) {
        fail(tr("No temporary folder could be made: %1").arg(m_folder->errorString()));
        return false;
    }

    QProcessEnvironment environment;
    const QProcessEnvironment system = QProcessEnvironment::systemEnvironment();
    for (const QString &variable : system.keys()) {
        if (!variable.startsWith("ETCD"_L1)) // etcd would take them for options
            environment.insert(variable, system.value(variable));
    }
    // Without it etcd 3.4 refuses to run on arm64
    environment.insert(u"ETCD_UNSUPPORTED_ARCH"_s, QSysInfo::currentCpuArchitecture());

    m_guard = std::make_unique<QProcess>();
    m_guard->setProcessEnvironment(environment);
    m_guard->setStandardErrorFile(QProcess::nullDevice());
    // A session of its own: Ctrl-C in a terminal ends our program, which then can still take its
    // leave from etcd
    m_guard->setChildProcessModifier([] { ::setsid(); });
    connect(m_guard.get(), &QProcess::readyReadStandardOutput, this, &LocalEtcd::readGuard);
    connect(m_guard.get(), &QProcess::errorOccurred, this,
            [this] { fail(tr("The shell /bin/sh can't be run: %1").arg(m_guard->errorString())); });
    m_guard->start(u"/bin/sh"_s, QStringList{u"-c"_s, QString::fromLatin1(guardScript),
                                             u"etcd-guard"_s, m_folder->path(), m_program}
                                     + arguments());
    return true;
}

void LocalEtcd::stopGuard()
{
    if (!m_guard)
        return;
    m_guard->disconnect(this);
    m_guard->closeWriteChannel();
    m_guard->waitForFinished();
    m_guard.reset();
    m_folder.reset();
    m_running = false;
}

QStringList LocalEtcd::arguments() const
{
    const QString client = clientUrl().toString();
    const QString peer = peerUrl().toString();
    QStringList list{
        u"--name"_s,
        m_options.name,
        u"--data-dir"_s,
        m_folder->filePath(u"data"_s),
        u"--listen-client-urls"_s,
        client,
        u"--advertise-client-urls"_s,
        client,
        u"--listen-peer-urls"_s,
        peer,
        u"--initial-advertise-peer-urls"_s,
        peer,
        u"--log-level"_s,
        u"error"_s,
    };
    if (!m_options.arguments.contains(u"--discovery"_s)) { // which excludes it
        list += {u"--initial-cluster"_s, m_options.initialCluster.isEmpty()
                                             ? m_options.name + u'=' + peer
                                             : m_options.initialCluster};
    }
    if (m_help.contains("--logger "))
        list += {u"--logger"_s, u"zap"_s};
    if (m_help.contains("--unsafe-no-fsync")) // the data are for now only
        list += u"--unsafe-no-fsync"_s;
    if (servesV2())
        list += u"--enable-v2"_s;
    return list + m_options.arguments;
}

void LocalEtcd::readGuard()
{
    while (m_guard && m_guard->canReadLine()) {
        const QByteArray line = m_guard->readLine().trimmed();
        if (line.startsWith("started ")) {
            m_pid = line.mid(8).toLongLong();
            m_running = true;
            m_askTimer.start();
        } else if (line == "ended") {
            processEnded();
        }
    }
}

void LocalEtcd::processEnded()
{
    m_running = false;
    if (m_startWhenEnded) {
        m_startWhenEnded = false;
        m_starting = false;
        Q_EMIT ended();
        start();
        return;
    }
    if (!m_starting) {
        Q_EMIT ended();
        return;
    }
    const QString reason = reasonFromLog();
    const bool portsAreOurChoice = !m_options.clientPort && !m_options.peerPort;
    if (portsAreOurChoice && m_retriesLeft > 0 && reason.contains("address already in use"_L1)) {
        --m_retriesLeft;
        // Not from inside the guard's own signal
        QMetaObject::invokeMethod(
            this,
            [this] {
                stopGuard();
                launch();
            },
            Qt::QueuedConnection);
        return;
    }
    Q_EMIT ended();
    fail(tr("The private etcd ended as soon as it was started. %1").arg(reason).trimmed());
}

void LocalEtcd::ask()
{
    if (!m_starting || !m_running)
        return;
    QNetworkRequest request(clientUrl().resolved(QUrl(u"/version"_s)));
    request.setTransferTimeout(1000);
    if (!m_options.tls.isNull())
        request.setSslConfiguration(m_options.tls);
    QNetworkReply *reply = m_network.get(request);
    connect(reply, &QNetworkReply::finished, this, [this, reply] {
        reply->deleteLater();
        if (!m_starting || !m_running)
            return;
        if (reply->error() != QNetworkReply::NoError) {
            m_askTimer.start();
            return;
        }
        m_starting = false;
        m_startTimer.stop();
        Q_EMIT started();
    });
}

void LocalEtcd::fail(const QString &message)
{
    m_starting = false;
    m_startTimer.stop();
    kill();
    Q_EMIT failed(message);
}

void LocalEtcd::terminate()
{
    signalProcess(SIGTERM);
}

void LocalEtcd::kill()
{
    signalProcess(SIGKILL);
}

void LocalEtcd::suspend()
{
    signalProcess(SIGSTOP);
}

void LocalEtcd::resumeProcess()
{
    signalProcess(SIGCONT);
}

void LocalEtcd::signalProcess(int signal)
{
    if (m_running)
        ::kill(pid_t(m_pid), signal);
}

QUrl LocalEtcd::clientUrl() const
{
    QUrl url;
    url.setScheme(m_options.tls.isNull() ? u"http"_s : u"https"_s);
    url.setHost(u"127.0.0.1"_s);
    url.setPort(m_clientPort);
    return url;
}

QUrl LocalEtcd::peerUrl() const
{
    QUrl url;
    url.setScheme(u"http"_s);
    url.setHost(u"127.0.0.1"_s);
    url.setPort(m_peerPort);
    return url;
}

QString LocalEtcd::folder() const
{
    return m_folder ? m_folder->path() : QString();
}

bool LocalEtcd::servesV2() const
{
    return m_options.v2 && m_help.contains("--enable-v2 ");
}

QString LocalEtcd::reasonFromLog() const
{
    QFile log(folder() + u"/etcd.log"_s);
    if (!m_folder || !log.open(QIODevice::ReadOnly))
        return {};
    const QList<QByteArray> lines = log.readAll().trimmed().split('\n');
    const QJsonObject entry = QJsonDocument::fromJson(lines.last()).object();
    if (entry.isEmpty())
        return QString::fromUtf8(lines.last());
    return entry["msg"_L1].toString() + u": "_s + entry["error"_L1].toString();
}

} // namespace EtcdRegistry
