// SPDX-License-Identifier: MIT
#include "pacer.h"

#include <QTest>

#include <set>

using namespace EtcdRegistry;
using namespace std::chrono_literals;

class TestPacer : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void spreadsThemOverTheInterval();
    void beatsEachOncePerInterval();
    void takesTheMostOverdueFirst();
    void keepsPlacesAfterSleep();
    void isDueWhenAsked();
    void forgets();

private:
    using Time = Pacer::Clock::time_point;
    static Pacer::Id id(int number) { return reinterpret_cast<Pacer::Id>(qintptr(number + 1)); }

    const Time m_start{1h};
};

void TestPacer::spreadsThemOverTheInterval()
{
    for (const int many : {1, 2, 10, 100, 5000}) {
        Pacer pacer;
        for (int i = 0; i < many; ++i)
            pacer.add(id(i), 5s, m_start);
        qsizetype most = 0, all = 0;
        for (auto now = m_start; now <= m_start + 5s; now += 50ms) {
            const auto due = pacer.take(many, now).size();
            most = std::max(most, due);
            all += due;
        }
        QCOMPARE(all, many);
        QVERIFY2(most <= many / 100 + 3, qPrintable(QString::number(most)));
    }
}

void TestPacer::beatsEachOncePerInterval()
{
    Pacer pacer;
    QHash<Pacer::Id, QList<Time>> beats;
    for (int i = 0; i < 20; ++i)
        pacer.add(id(i), 1s, m_start);
    for (auto now = m_start; now < m_start + 10s; now += 10ms) {
        for (const Pacer::Id each : pacer.take(20, now)) {
            beats[each].append(now);
            pacer.done(each, now + 3ms);
        }
    }
    for (const QList<Time> &times : std::as_const(beats)) {
        QCOMPARE(times.size(), 10);
        for (qsizetype i = 1; i < times.size(); ++i)
            QVERIFY(std::chrono::abs(times[i] - times[i - 1] - 1s) <= 10ms);
    }
}

void TestPacer::takesTheMostOverdueFirst()
{
    Pacer pacer;
    for (int i = 0; i < 3; ++i)
        pacer.add(id(i), 1s, m_start);
    pacer.dueAt(id(0), m_start + 30ms);
    pacer.dueAt(id(1), m_start + 10ms);
    pacer.dueAt(id(2), m_start + 20ms);
    QVERIFY(pacer.next() == m_start + 10ms);
    QCOMPARE(pacer.take(2, m_start + 1h), (QList{id(1), id(2)}));
    QCOMPARE(pacer.take(-1, m_start + 1h), QList<Pacer::Id>());
    QCOMPARE(pacer.take(2, m_start + 1h), QList{id(0)});
    QCOMPARE(pacer.take(2, m_start + 2h), QList<Pacer::Id>()); // they are under way
    QVERIFY(!pacer.next());
}

/// All are beaten at once when the machine wakes, and from then on each at its place again.
void TestPacer::keepsPlacesAfterSleep()
{
    Pacer pacer;
    for (int i = 0; i < 100; ++i)
        pacer.add(id(i), 1s, m_start);
    const Time woken = m_start + 8h + 123ms;
    QList<Pacer::Id> due = pacer.take(1000, woken);
    QCOMPARE(due.size(), 100);
    for (const Pacer::Id each : due)
        pacer.done(each, woken + 20ms);
    std::set<Time> times;
    for (int i = 0; i < 100; ++i) {
        const auto next = pacer.next();
        QVERIFY(next > woken + 20ms && next <= woken + 20ms + 1s);
        times.insert(*next);
        QCOMPARE(pacer.take(1, *next).size(), 1);
    }
    QCOMPARE(times.size(), 100u);
}

void TestPacer::isDueWhenAsked()
{
    Pacer pacer;
    pacer.add(id(0), 1s, m_start);
    const Time place = *pacer.next();
    QCOMPARE(pacer.take(1, place).size(), 1);
    pacer.dueAt(id(0), place + 250ms); // it failed
    QVERIFY(pacer.next() == place + 250ms);
    QCOMPARE(pacer.take(1, place + 250ms).size(), 1);
    pacer.done(id(0), place + 260ms);
    QVERIFY(pacer.next() == place + 1s);
}

void TestPacer::forgets()
{
    Pacer pacer;
    pacer.add(id(0), 1s, m_start);
    pacer.add(id(1), 1s, m_start);
    pacer.remove(id(0));
    pacer.remove(id(0));
    QCOMPARE(pacer.take(2, m_start + 1h), QList{id(1)});
    pacer.remove(id(1)); // while it is beaten
    pacer.done(id(1), m_start);
    pacer.dueAt(id(1), m_start);
    QVERIFY(!pacer.next());
}

QTEST_APPLESS_MAIN(TestPacer)
#include "tst_pacer.moc"
