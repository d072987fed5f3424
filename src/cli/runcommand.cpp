// SPDX-License-Identifier: MIT
#include "runcommand.h"

#include "freeport.h"
#include "output.h"
#include "terminationsignals.h"

#include <QHostAddress>
#include <QNetworkInterface>
#include <QNetworkProxy>
#include <QTcpSocket>

#include <algorithm>
#include <csignal>
#include <utility>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry::Cli {

constexpr std::chrono::milliseconds longestRetry = 30s;
constexpr auto silence = 5s; ///< until the user is told what is waited for

void RunCommand::start()
{
    m_service = m_options.services.constFirst();
    Result<Layout::Record> record = Layout::encode(m_service);
    if (record && RegistrationReporter::instanceOf(*record).port.toUShort() == 0) {
        m_service.port = freePort();
        record = Layout::encode(m_service);
    }
    if (!record)
        return fail(record.error());
    const Instance instance = RegistrationReporter::instanceOf(*record);
    const quint16 port = instance.port.toUShort();
    if (isPortTaken(port)) {
        complain(tr("Port %1 is taken: another program accepts connections on it. Stop that, or "
                    "choose another --port.")
                     .arg(port));
        return finish(WrongUsage);
    }
    m_name = m_service.name + u' ' + instance.url;
    prepare(instance.hostname, port);
    startServer(instance.hostname, port);
}

void RunCommand::prepare(const QString &hostname, quint16 port)
{
    auto *termination = new TerminationSignals(this, TerminationSignals::Tell::All);
    connect(termination, &TerminationSignals::received, this, &RunCommand::stop);
    m_port = std::make_unique<PortWatch>(hostname, port);
    connect(m_port.get(), &PortWatch::changed, this, &RunCommand::update);
    for (QTimer *timer : {&m_retryTimer, &m_silenceTimer, &m_stageTimer})
        timer->setSingleShot(true);
    connect(&m_retryTimer, &QTimer::timeout, this, &RunCommand::update);
    connect(&m_silenceTimer, &QTimer::timeout, this, [this, port] {
        m_tellJoined = true;
        complain(tr("%1 is not registered yet: the command accepts no connections on port %2, "
                    "which is PORT in its environment.")
                     .arg(m_name)
                     .arg(port));
    });
    m_stageTimer.setTimerType(Qt::PreciseTimer); // a coarse one may be early
    connect(&m_stageTimer, &QTimer::timeout, this, &RunCommand::nextStage);
}

void RunCommand::startServer(const QString &hostname, quint16 port)
{
    auto environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"PORT"_s, QString::number(port));
    environment.insert(u"HOST"_s, hostname);
    environment.insert(u"SERVICE_NAME"_s, m_service.name);
    m_server.setProcessEnvironment(environment);
    connect(&m_server, &QProcess::started, m_port.get(), &PortWatch::start);
    connect(&m_server, &QProcess::finished, this, &RunCommand::serverEnded);
    connect(&m_server, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
        if (error != QProcess::FailedToStart)
            return;
        const int status = m_server.status();
        complain(status == ChildProcess::notFound
                     ? tr("%1 was not found. Install it, or tell its path.").arg(m_server.program())
                     : tr("%1 can't be run. %2.").arg(m_server.program(), m_server.errorString()));
        finish(ExitStatus(status));
    });
    m_silenceTimer.start(silence);
    m_server.start();
}

// ---- while it runs

/// Registered is what accepts connections; without --check, what once did.
void RunCommand::update()
{
    if (m_isJoining || m_isLeaving || m_stage != Stage::Running
        || m_port->isOpen() != m_registry.registrations().isEmpty())
        return;
    if (!m_port->isOpen())
        return leaveMeanwhile();
    m_silenceTimer.stop();
    if (!m_options.check)
        m_port->stop();
    join();
}

void RunCommand::join()
{
    m_isJoining = true;
    m_registry.join(m_service).then(this, [this](const Result<Registration> &joined) {
        m_isJoining = false;
        if (m_stage != Stage::Running)
            return;
        if (joined) {
            tellWhereItListens(RegistrationReporter::instanceOf({joined->key, joined->document}));
            if (m_tellJoined)
                complain(tr("%1 is registered.").arg(m_name));
            m_tellJoined = m_options.verbose;
            m_whyNotJoined.clear();
            m_retryDelay = firstRetry;
            return update();
        }
        // A server must not die because the registry is down.
        m_tellJoined = true;
        const QString reason = joined.error().message();
        if (std::exchange(m_whyNotJoined, reason) != reason)
            complain(tr("%1 could not be registered; this is tried again. %2").arg(m_name, reason));
        m_retryTimer.start(m_retryDelay);
        m_retryDelay = std::min(2 * m_retryDelay, longestRetry);
    });
}

/// Who listens for this machine only is not reached at the address that is registered.
void RunCommand::tellWhereItListens(const Instance &instance)
{
    const QHostAddress address(instance.hostname);
    if (std::exchange(m_knowsWhere, true) || address.isLoopback()
        || !QNetworkInterface::allAddresses().contains(address))
        return;
    auto *socket = new QTcpSocket(this);
    socket->setProxy(QNetworkProxy::NoProxy);
    connect(socket, &QTcpSocket::connected, socket, &QObject::deleteLater);
    connect(socket, &QTcpSocket::errorOccurred, this,
            [this, socket, instance](QAbstractSocket::SocketError error) {
                socket->deleteLater();
                if (error != QAbstractSocket::ConnectionRefusedError)
                    return;
                complain(tr("%1: the command accepts connections from this machine only, and "
                            "nobody else reaches it at %2. Let it listen on 0.0.0.0, or register "
                            "it with --hostname 127.0.0.1.")
                             .arg(m_name, instance.host));
            });
    socket->connectToHost(address, instance.port.toUShort());
}

void RunCommand::leaveMeanwhile()
{
    complain(tr("%1 is left: the command accepts no connections any more.").arg(m_name));
    m_tellJoined = true;
    m_isLeaving = true;
    m_registry.leaveAll().then(this, [this](const Result<void> &) { // the reporter tells
        m_isLeaving = false;
        if (m_stage == Stage::Running)
            update();
        else
            leave();
    });
}

// ---- its end

void RunCommand::stop(int signal)
{
    if (signal == SIGINT || m_stage != Stage::Running || m_registry.registrations().isEmpty())
        m_wait = 0ms;
    nextStage();
}

void RunCommand::nextStage()
{
    switch (m_stage) {
    case Stage::Running:
        m_stage = Stage::Leaving;
        return leave();
    case Stage::Leaving:
        m_stage = Stage::Waiting;
        return m_stageTimer.start(m_wait);
    case Stage::Waiting:
        m_stage = Stage::Terminating;
        m_server.terminate();
        return m_stageTimer.start(m_options.slack);
    case Stage::Terminating:
        m_stage = Stage::Killing;
        m_stageTimer.stop();
        return m_server.killGroup();
    case Stage::Killing:
        return;
    }
}

void RunCommand::leave()
{
    m_port->stop();
    m_retryTimer.stop();
    m_silenceTimer.stop();
    if (m_isLeaving) // and comes here then
        return;
    m_reporter.shutDown().then(this, [this](bool) {
        m_hasLeft = true;
        if (m_server.state() == QProcess::NotRunning)
            serverEnded();
        else if (m_stage == Stage::Leaving)
            nextStage();
    });
}

/// It may have done so by itself.
void RunCommand::serverEnded()
{
    if (m_hasLeft)
        finish(ExitStatus(m_server.status()));
    else if (m_stage == Stage::Running)
        nextStage();
}

} // namespace EtcdRegistry::Cli
