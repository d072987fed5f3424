// SPDX-License-Identifier: MIT
// Our client as a program that a test drives, with the commands of tests/interop/peer.js and
//
//   ["report"]   how often registrations went from one state to another, and the longest time that
//                the event loop did not turn: a machine too busy is no fault of the client
#include "registry.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSocketNotifier>
#include <QTimer>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <map>
#include <string>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

QString nameOf(Registration::State state)
{
    static constexpr std::array names{"Joining", "Alive",   "Late", "Lost",  "Rejoining",
                                      "Paused",  "Leaving", "Left", "Failed"};
    return QString::fromLatin1(names.at(size_t(state)));
}

void answer(const QJsonObject &object)
{
    std::cout << QJsonDocument(object).toJson(QJsonDocument::Compact).constData() << std::endl;
}

template <typename T>
bool failed(const Result<T> &result)
{
    if (!result)
        answer({{u"error"_s, result.error().message()}});
    return !result;
}

class Program : public QObject
{
public:
    explicit Program(const ConnectionString &connection)
        : m_registry(connection)
        , m_commands(fileno(stdin), QSocketNotifier::Read)
    {
        connect(&m_registry, &Registry::registrationsChanged, this,
                [this](const QList<Registration> &all) {
                    std::ranges::for_each(all, [this](const Registration &one) { changed(one); });
                });
        connect(&m_commands, &QSocketNotifier::activated, this, &Program::read);
        m_turn.start();
        m_tick.setTimerType(Qt::PreciseTimer);
        m_tick.callOnTimeout(this,
                             [this] { m_longestTurn = std::max(m_longestTurn, m_turn.restart()); });
        m_tick.start(10ms);
        m_show.callOnTimeout(this, &Program::show);
        m_show.start(500ms);
    }

private:
    void changed(const Registration &registration)
    {
        const auto [last, added] = m_states.try_emplace(registration.id, registration.state);
        if (last->second == registration.state)
            return;
        ++m_transitions[nameOf(last->second) + u'>' + nameOf(registration.state)];
        last->second = registration.state;
    }

    /// To standard error, where it lies between the lines of the client's log.
    void show()
    {
        std::map<QString, int> counts;
        for (const auto &[id, state] : m_states)
            ++counts[nameOf(state)];
        QString line;
        for (const auto &[name, count] : counts)
            line += u" %1 %2"_s.arg(count).arg(name);
        if (line != m_shown)
            qInfo().noquote() << "peer:" << line.trimmed();
        m_shown = line;
    }

    void read()
    {
        std::string line;
        if (!std::getline(std::cin, line)) // without leaving, so that a test can see it vanish
            return QCoreApplication::exit();
        const auto command = QJsonDocument::fromJson(QByteArray::fromStdString(line)).array();
        const QString what = command[0].toString();
        const QString name = command[1].toString();
        if (what == "join"_L1) {
            m_registry
                .join({.name = name,
                       .nameSpace = m_registry.connection().nameSpace,
                       .document = QJsonDocument(command[2].toObject()).toJson()})
                .then(this, [](const Result<Registration> &joined) {
                    if (!failed(joined)) {
                        answer({{u"value"_s, QJsonDocument::fromJson(joined->document).object()}});
                    }
                });
        } else if (what == "leave"_L1) {
            m_registry.leave(name).then(this, [](const Result<void> &left) {
                if (!failed(left))
                    answer({{u"value"_s, QJsonValue()}});
            });
        } else if (what == "report"_L1) {
            answer({{u"value"_s, report()}});
        }
    }

    QJsonObject report() const
    {
        QJsonObject object{{u"longest turn, ms"_s, m_longestTurn}};
        for (const auto &[name, count] : m_transitions)
            object[name] = count;
        int rejoins = 0, missed = 0;
        const QList<Registration> registrations = m_registry.registrations();
        for (const Registration &registration : registrations) {
            rejoins += registration.rejoins;
            missed += registration.beatsMissed;
        }
        object[u"rejoins"_s] = rejoins;
        object[u"beats missed"_s] = missed;
        return object;
    }

    Registry m_registry;
    QSocketNotifier m_commands;
    std::map<qint64, Registration::State> m_states;
    std::map<QString, int> m_transitions;
    QString m_shown;
    QElapsedTimer m_turn;
    QTimer m_tick;
    QTimer m_show;
    qint64 m_longestTurn = 0;
};

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication application(argc, argv);
    const auto connection = ConnectionString::parse(application.arguments().value(1));
    if (failed(connection))
        return 1;
    const Program program(*connection);
    return application.exec();
}
