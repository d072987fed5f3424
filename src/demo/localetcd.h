// SPDX-License-Identifier: MIT
#pragma once

#include "freeport.h"

#include <QNetworkAccessManager>
#include <QObject>
#include <QProcess>
#include <QSslConfiguration>
#include <QStringList>
#include <QTemporaryDir>
#include <QTimer>
#include <QUrl>

#include <chrono>
#include <memory>

namespace EtcdRegistry {

struct LocalEtcdOptions
{
    QString name = QStringLiteral("local");
    bool v2 = true;              ///< serve the v2 API too, where that etcd can
    QSslConfiguration tls = {};  ///< not null: https, and what a client needs to be let in
    quint16 clientPort = 0;      ///< 0: a free one
    quint16 peerPort = 0;        ///< 0: a free one
    QString initialCluster = {}; ///< "a=http://127.0.0.1:1,..."; empty: the only member
    QStringList arguments = {};  ///< further ones for etcd
    std::chrono::milliseconds startTimeout{30000};
};

/// One private etcd member as a real process, for the demo session and for tests: on 127.0.0.1,
/// with its data in a temporary folder. The process and the folder end with this object, also
/// when our program is killed: a guard process (a small shell script) waits for the end of the
/// pipe that we hold, then kills etcd and removes the folder.
///
/// The etcd found in PATH is used, unless the environment variable ETCD_BINARY names another. Lives
/// in its thread's event loop; only the destructor blocks, for the few milliseconds that the guard
/// takes.
class LocalEtcd : public QObject
{
    Q_OBJECT
public:
    using Options = LocalEtcdOptions;

    explicit LocalEtcd(Options options = {}, QObject *parent = nullptr);
    ~LocalEtcd() override;

    /// Starts it, or starts it again on the same ports and data after it ended. started() comes
    /// when it answers requests (a member of three: when a majority is up), or else failed().
    void start();
    /// SIGKILL, if it runs, and start().
    void restart();

    // Each of these does nothing unless it runs
    void terminate();     ///< SIGTERM
    void kill();          ///< SIGKILL, which ends a suspended process too
    void suspend();       ///< SIGSTOP: connections stay open and nothing is answered
    void resumeProcess(); ///< SIGCONT

    bool isRunning() const { return m_running; }
    qint64 pid() const { return m_pid; } ///< of the last process that was started; 0: none yet
    QUrl clientUrl() const;              ///< valid from started() on, or with Options::clientPort
    QUrl peerUrl() const;
    QString folder() const; ///< with data and log; empty before it was started
    bool servesV2() const;  ///< valid from started() on

    static quint16 freePort() { return EtcdRegistry::freePort(); }

Q_SIGNALS:
    void started();
    void failed(const QString &message); ///< in the user's language: what, and what to do
    void ended();                        ///< the process has ended, for whatever reason

private:
    void probe();
    void launch();
    bool startGuard();
    void stopGuard();
    void readGuard();
    void processEnded();
    void ask();
    void fail(const QString &message);
    void signalProcess(int signal);
    QStringList arguments() const;
    QString reasonFromLog() const;

    Options m_options;
    QString m_program;
    QByteArray m_help; ///< what this etcd can do; empty: not asked yet
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QProcess> m_guard;
    QNetworkAccessManager m_network;
    QTimer m_askTimer;
    QTimer m_startTimer;
    quint16 m_clientPort = 0;
    quint16 m_peerPort = 0;
    qint64 m_pid = 0;
    int m_retriesLeft = 5; ///< with other ports, if others took the free ones first
    bool m_running = false;
    bool m_starting = false;
    bool m_startWhenEnded = false;
};

} // namespace EtcdRegistry
