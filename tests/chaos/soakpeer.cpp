// SPDX-License-Identifier: MIT
// soakpeer CONNECTION REGISTRATIONS: our client at work through both APIs, as a program that
// tests/chaos/soak.cpp drives. CONNECTION has no options; REGISTRATIONS are held through each API.
//
//   ["sample"]   waits until nothing is under way but beats, and says what it has and what it takes
#include "liveregistry.h"
#include "measure.h"
#include "registry.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRandomGenerator>
#include <QSet>
#include <QSocketNotifier>
#include <QTimer>

#include <array>
#include <cstdio>
#include <iostream>
#include <malloc.h>
#include <string>
#include <unistd.h>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

constexpr auto pace = 200ms; ///< one operation of each API
constexpr auto rest = 2s;    ///< before a sample, for answers, retries and pings to end
constexpr int guests = 10;   ///< that come and go, at a time

/// One API: registrations that are held all the time, guests that come and go, lists, lookups, and
/// a live view.
class Holder : public QObject
{
public:
    Holder(const ConnectionString &connection, int registrations)
        : m_registry(connection)
        , m_live(connection)
    {
        connect(&m_registry, &Registry::registrationsChanged, this, &Holder::changed);
        connect(&m_live, &LiveRegistry::began, this, [this](const QList<LiveInstance> &all) {
            for (const LiveInstance &live : all)
                m_seen.insert(live.instance->key);
        });
        connect(&m_live, &LiveRegistry::changed, this, [this](const QList<Change> &changes) {
            for (const Change &change : changes) {
                if (change.kind == Change::Kind::Joined)
                    m_seen.insert(change.live.instance->key);
                else if (isGone(change.kind))
                    m_seen.remove(change.live.instance->key);
            }
        });
        m_live.start();
        for (int port = 1; port <= registrations; ++port)
            join(u"held-%1"_s.arg(port % 10), port, m_held);
        m_timer.callOnTimeout(this, &Holder::operate);
    }

    bool isIdle() const { return m_pending == 0; }

    void setQuiet(bool quiet)
    {
        if (!quiet)
            return m_timer.start(pace);
        m_timer.stop();
        const QList<qint64> paused = m_paused.values();
        for (const qint64 id : paused)
            resume(id);
    }

    /// What is wrong, and what was done since the last time.
    void report(const std::function<void(QJsonObject)> &done)
    {
        follow("list", m_registry.list(), [this, done](const Snapshot &snapshot) {
            QSet<QString> there;
            for (const Instance &instance : snapshot.instances)
                there.insert(instance.key);
            int missing = 0, notAlive = 0;
            const QList<Registration> held = m_registry.registrations();
            for (const Registration &registration : held) {
                missing += !there.contains(registration.key);
                notAlive += registration.state != Registration::State::Alive;
            }
            done({{u"held"_s, held.size()},
                  {u"missing"_s, missing},
                  {u"not alive"_s, notAlive},
                  {u"unseen"_s, (there - m_seen).size() + (m_seen - there).size()},
                  {u"operations"_s, std::exchange(m_operations, 0)},
                  {u"failed"_s, std::exchange(m_failed, 0)},
                  {u"lost"_s, std::exchange(m_lost, 0)}});
        });
    }

private:
    void operate()
    {
        auto *random = QRandomGenerator::global();
        const int what = random->bounded(10);
        if (what < 3) {
            follow("list", m_registry.list(), [](const Snapshot &) {});
        } else if (what < 6) {
            follow("lookup", m_registry.lookup(u"held-%1"_s.arg(random->bounded(10))),
                   [](const std::optional<Instance> &) {});
        } else if (what < 9) {
            join(u"guest"_s, m_nextPort, m_guests);
            m_nextPort = m_nextPort % 60000 + 1;
            while (m_guests.size() > guests)
                follow("leave", m_registry.leave(m_guests.takeFirst()), [] {});
        } else {
            // Some for longer than their TTL, so that they have to be put again
            const qint64 id = m_held[random->bounded(m_held.size())];
            m_registry.pause(id);
            m_paused.insert(id);
            QTimer::singleShot(random->bounded(1, 15) * 1s, this, [this, id] {
                if (m_paused.contains(id))
                    resume(id);
            });
        }
    }

    void resume(qint64 id)
    {
        m_paused.remove(id);
        m_mayBeLost.insert(id);
        m_registry.resume(id);
    }

    void join(const QString &name, int port, QList<qint64> &ids)
    {
        follow("join",
               m_registry.join({.name = name,
                                .nameSpace = m_registry.connection().nameSpace,
                                .document = R"({"version":"1.2.3","weight":10})",
                                .hostname = u"10.0.0.1"_s,
                                .port = port}),
               [&ids](const Registration &joined) { ids += joined.id; });
    }

    template <typename T, typename Then>
    void follow(const char *what, QFuture<Result<T>> future, Then then)
    {
        ++m_pending;
        ++m_operations;
        future.then(this, [this, what, then](const Result<T> &result) {
            --m_pending;
            if (!result) {
                ++m_failed;
                qWarning() << what << "failed:" << result.error().message();
                return;
            }
            if constexpr (std::is_void_v<T>)
                then();
            else
                then(*result);
        });
    }

    void changed(const QList<Registration> &registrations)
    {
        for (const Registration &registration : registrations) {
            if (registration.state == Registration::State::Alive)
                m_mayBeLost.remove(registration.id);
            if (registration.state != Registration::State::Lost
                || m_mayBeLost.contains(registration.id))
                continue;
            ++m_lost;
            qWarning() << "lost:" << registration.key << causeText(registration);
        }
    }

    Registry m_registry;
    LiveRegistry m_live;
    QTimer m_timer;
    QList<qint64> m_held;
    QList<qint64> m_guests;
    QSet<qint64> m_paused;
    QSet<qint64> m_mayBeLost; ///< by our own doing: paused for too long, and not put again yet
    QSet<QString> m_seen;     ///< by the live view: keys
    int m_nextPort = 1;
    int m_pending = 0;
    int m_operations = 0;
    int m_failed = 0;
    int m_lost = 0;
};

/// What this process takes. A thread has a descriptor for its event loop; a socket that was refused
/// a connection stays with Qt, unconnected, until it is used again.
QJsonObject usage()
{
    const QDir folder(u"/proc/self/fd"_s);
    const QStringList descriptors = folder.entryList(QDir::System | QDir::Files);
    int open = 0;
    QSet<QByteArray> sockets;
    for (const QString &descriptor : descriptors) {
        std::array<char, 64> target;
        const ssize_t length = readlink(folder.filePath(descriptor).toLocal8Bit().constData(),
                                        target.data(), target.size());
        if (length < 0)
            continue; // that of the folder itself
        ++open;
        const QByteArray text(target.data(), length);
        if (text.startsWith("socket:["))
            sockets.insert(text.sliced(8).chopped(1));
    }
    int connections = 0;
    QFile file(u"/proc/self/net/tcp"_s);
    if (file.open(QIODevice::ReadOnly)) {
        const QList<QByteArray> lines = file.readAll().split('\n');
        for (const QByteArray &line : lines) {
            const QList<QByteArray> fields = line.simplified().split(' ');
            connections += fields.value(3) == "01" && sockets.contains(fields.value(9));
        }
    }
    const auto heap = mallinfo2();
    const QDir threads(u"/proc/self/task"_s);
    return {{u"rss"_s, residentMemory().now},
            {u"heap"_s, double(heap.uordblks + heap.hblkhd) / 1048576},
            {u"descriptors"_s, open},
            {u"sockets"_s, sockets.size()},
            {u"connections"_s, connections},
            {u"threads"_s, threads.entryList(QDir::Dirs | QDir::NoDotAndDotDot).size()}};
}

class Program : public QObject
{
public:
    Program(const QString &connection, int registrations)
        : m_v2(*ConnectionString::parse(connection + u"?api=v2"_s), registrations)
        , m_v3(*ConnectionString::parse(connection + u"?api=v3"_s), registrations)
        , m_commands(fileno(stdin), QSocketNotifier::Read)
    {
        connect(&m_commands, &QSocketNotifier::activated, this, [this] {
            std::string line;
            if (!std::getline(std::cin, line))
                return QCoreApplication::exit();
            m_v2.setQuiet(true);
            m_v3.setQuiet(true);
            QTimer::singleShot(rest, this, &Program::sample);
        });
    }

private:
    void sample()
    {
        if (!m_v2.isIdle() || !m_v3.isIdle()) {
            QTimer::singleShot(100ms, this, &Program::sample);
            return;
        }
        QJsonObject value = usage();
        m_v2.report([this, value](const QJsonObject &v2) {
            m_v3.report([this, value, v2](const QJsonObject &v3) {
                QJsonObject all = value;
                all.insert(u"v2"_s, v2);
                all.insert(u"v3"_s, v3);
                const QJsonObject answer{{u"value"_s, all}};
                std::cout << QJsonDocument(answer).toJson(QJsonDocument::Compact).constData()
                          << std::endl;
                m_v2.setQuiet(false);
                m_v3.setQuiet(false);
            });
        });
    }

    Holder m_v2;
    Holder m_v3;
    QSocketNotifier m_commands;
};

} // namespace

int main(int argc, char *argv[])
{
    // Each of Qt's threads would get an arena of its own, which grows for hours to its own worst
    // moment: that hides whether we grow
    mallopt(M_ARENA_MAX, 2);
    const QCoreApplication application(argc, argv);
    const QStringList arguments = application.arguments();
    if (arguments.size() != 3)
        return fail(u"usage: soakpeer CONNECTION REGISTRATIONS"_s);
    const Program program(arguments[1], arguments[2].toInt());
    return application.exec();
}
