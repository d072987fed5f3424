// SPDX-License-Identifier: MIT
#include "presence.h"

#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using Clock = Instance::Clock;

namespace {

const Clock::time_point began = Clock::time_point(10h);

LiveInstance live(Clock::time_point firstSeen, bool older, const QString &key = u"k"_s)
{
    return {.instance = std::make_shared<const Instance>(Instance{.key = key}),
            .firstSeen = firstSeen,
            .older = older};
}

QList<Change> changes(Change::Kind kind, const LiveInstance &live, Clock::time_point at)
{
    return {{.kind = kind, .live = live, .at = at}};
}

/// Steps in runs, the last one last: "80 unknown, 20 present, 1 absent+present".
QString textOf(const Presence::Steps &steps)
{
    const auto name = [](quint8 seen) {
        QStringList names;
        for (const auto &[flag, name] :
             {std::pair(Presence::Absent, u"absent"_s), std::pair(Presence::Present, u"present"_s),
              std::pair(Presence::Late, u"late"_s)}) {
            if (seen & flag)
                names.append(name);
        }
        return names.isEmpty() ? u"unknown"_s : names.join(u'+');
    };
    QStringList runs;
    for (size_t i = 0, start = 0; i < steps.size(); ++i) {
        if (i + 1 < steps.size() && steps[i + 1] == steps[i])
            continue;
        runs.append(u"%1 %2"_s.arg(i + 1 - start).arg(name(steps[i])));
        start = i + 1;
    }
    return runs.join(u", "_s);
}

} // namespace

class TestPresence : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        m_presence = std::make_unique<Presence>();
        m_presence->record(LiveEvent{.kind = LiveEvent::Kind::Connected, .at = began});
    }

    void knowsNothingOfTheTimeBefore()
    {
        const LiveInstance old = live(began, true);
        QCOMPARE(hour(old, began), u"119 unknown, 1 present"_s);
        QCOMPARE(hour(old, began + 10min), u"99 unknown, 21 present"_s);
        QCOMPARE(hour(old, began + 2h), u"120 present"_s);
    }

    void wasAbsentBeforeItJoined()
    {
        const LiveInstance joined = live(began + 20min, false);
        m_presence->record(changes(Change::Kind::Joined, joined, began + 20min));
        QCOMPARE(hour(joined, began + 30min), u"59 unknown, 40 absent, 21 present"_s);
    }

    void remembersComingAndGoing()
    {
        LiveInstance each = live(began, true);
        m_presence->record(changes(Change::Kind::Left, each, began + 10min));
        QCOMPARE(hour(each, began + 15min, false),
                 u"89 unknown, 20 present, 1 absent+present, 10 absent"_s);
        each = live(began + 15min, false); // a new one, as far as the registry knows
        m_presence->record(changes(Change::Kind::Joined, each, began + 15min));
        QCOMPARE(hour(each, began + 16min),
                 u"87 unknown, 20 present, 1 absent+present, 9 absent, 1 absent+present, "
                 "2 present"_s);
        // Within one step.
        m_presence->record(changes(Change::Kind::Expired, each, began + 20min + 1s));
        m_presence->record(changes(Change::Kind::Joined, each, began + 20min + 2s));
        QVERIFY(hour(each, began + 21min).endsWith(u"9 present, 1 absent+present, 2 present"_s));
    }

    void isLateUntilTheNextBeat()
    {
        const LiveInstance each = live(began, true);
        m_presence->recordLate(each, began + 10min);
        QCOMPARE(hour(each, began + 11min), u"97 unknown, 20 present, 1 present+late, 2 late"_s);
        m_presence->record(changes(Change::Kind::Looked, each, began + 11min));
        m_presence->record(changes(Change::Kind::Renewed, each, began + 12min));
        m_presence->record(changes(Change::Kind::Renewed, each, began + 13min));
        QCOMPARE(hour(each, began + 13min),
                 u"93 unknown, 20 present, 1 present+late, 3 late, 1 present+late, 2 present"_s);
    }

    void forgetsAfterAnHour()
    {
        const LiveInstance each = live(began, true);
        m_presence->record(changes(Change::Kind::Gone, each, began + 1min));
        QCOMPARE(hour(each, began + 1h, false), u"1 present, 1 present, 1 absent+present, "
                                                "118 absent"_s.sliced(11));
        m_presence->record(changes(Change::Kind::Gone, live(began, true, u"x"_s), began + 3h));
        QCOMPARE(hour(each, began + 3h, false), u"120 unknown"_s);
    }

    void knowsNothingOfTheTimeWithoutAnswers()
    {
        const LiveInstance each = live(began, true);
        m_presence->record(LiveEvent{.kind = LiveEvent::Kind::CutOff, .at = began + 10min});
        m_presence->record(LiveEvent{.kind = LiveEvent::Kind::CutOff, .at = began + 11min});
        QCOMPARE(hour(each, began + 15min), u"89 unknown, 21 present, 10 unknown"_s);
        m_presence->record(LiveEvent{.kind = LiveEvent::Kind::Recovered, .at = began + 15min});
        QCOMPARE(hour(each, began + 20min), u"79 unknown, 21 present, 9 unknown, 11 present"_s);
    }

    void isBounded()
    {
        for (int i = 0; i < 50'000; ++i)
            m_presence->record(
                changes(Change::Kind::Left, live(began, true, QString::number(i)), began + 1min));
        QVERIFY(hour(live(began, true, u"7"_s), began + 2min, false).contains(u"absent"));
        QCOMPARE(hour(live(began, true, u"49999"_s), began + 2min, false), u"120 unknown"_s);
        QCOMPARE(hour(live(began, true, u"49999"_s), began + 2min), u"115 unknown, 5 present"_s);
        m_presence->record(changes(Change::Kind::Left, live(began, true, u"new"_s), began + 90min));
        QVERIFY(hour(live(began, true, u"new"_s), began + 90min, false).contains(u"absent"));
    }

    void isCheapForBeats()
    {
        const QList<Change> beats(
            2000, {.kind = Change::Kind::Renewed, .live = live(began, true), .at = began});
        QBENCHMARK
        {
            m_presence->record(beats);
        }
    }

private:
    QString hour(const LiveInstance &live, Clock::time_point now, bool here = true) const
    {
        return textOf(m_presence->lastHour(live, here, now));
    }

    std::unique_ptr<Presence> m_presence;
};

QTEST_GUILESS_MAIN(TestPresence)
#include "tst_presence.moc"
