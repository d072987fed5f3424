// SPDX-License-Identifier: MIT
#include "registrationstate.h"

#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using State = Registration::State;
using Cause = Registration::Cause;

class TestRegistrationState : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void life_data();
    void life();
    void endsOnlyWhenItMay();
    void saysWhy();
};

/// Each row is a state and what then may happen, a letter each, with the state that it leads to:
/// [w]ritten, [b]eaten, beat [f]ailed, [o]verdue, [t]TL over, [g]one, [l]et go, [r]efused,
/// [p]ause, [R]esume, [L]eave, [d]eleted (removed), [n]ot removed. What is not named leads nowhere.
void TestRegistrationState::life_data()
{
    QTest::addColumn<State>("from");
    QTest::addColumn<QString>("table");
    QTest::newRow("joining") << State::Joining << u"w:Alive r:Failed L:Leaving"_s;
    QTest::newRow("alive") << State::Alive
                           << u"w:Alive b:Alive f:Late o:Late t:Lost g:Rejoining l:Left p:Paused "
                              "L:Leaving"_s;
    QTest::newRow("late") << State::Late
                          << u"w:Alive b:Alive f:Late t:Lost g:Rejoining l:Left p:Paused "
                             "L:Leaving"_s;
    QTest::newRow("lost") << State::Lost
                          << u"w:Alive b:Alive f:Lost g:Rejoining l:Left p:Paused L:Leaving"_s;
    QTest::newRow("rejoining") << State::Rejoining
                               << u"w:Alive b:Alive f:Lost l:Left p:Paused L:Leaving"_s;
    QTest::newRow("paused") << State::Paused << u"R:Late L:Leaving"_s;
    QTest::newRow("leaving") << State::Leaving << u"d:Left n:Failed"_s;
    QTest::newRow("left") << State::Left << QString();
    QTest::newRow("failed") << State::Failed << QString();
}

void TestRegistrationState::life()
{
    QFETCH(State, from);
    QFETCH(QString, table);
    const QHash<QString, State> states{
        {u"Alive"_s, State::Alive},   {u"Late"_s, State::Late},
        {u"Lost"_s, State::Lost},     {u"Rejoining"_s, State::Rejoining},
        {u"Paused"_s, State::Paused}, {u"Leaving"_s, State::Leaving},
        {u"Left"_s, State::Left},     {u"Failed"_s, State::Failed}};
    const QString letters = u"wbfotglrpRLdn"_s; // in the order of Happening
    QHash<QChar, State> wanted;
    for (const QString &each : table.split(u' ', Qt::SkipEmptyParts))
        wanted.insert(each[0], states.value(each.mid(2)));
    for (qsizetype i = 0; i < letters.size(); ++i) {
        const auto to = stateAfter(from, Happening(i));
        QCOMPARE(to.has_value(), wanted.contains(letters[i]));
        if (to)
            QCOMPARE(*to, wanted.value(letters[i]));
    }
}

/// Whatever happens to what is held, it stays so until it is left, let go or refused.
void TestRegistrationState::endsOnlyWhenItMay()
{
    for (int state = 0; state <= int(State::Failed); ++state) {
        for (int what = 0; what <= int(Happening::NotRemoved); ++what) {
            const auto to = stateAfter(State(state), Happening(what));
            if (!to || (*to != State::Left && *to != State::Failed))
                continue;
            QVERIFY(Happening(what) == Happening::LetGo || Happening(what) == Happening::Refused
                    || State(state) == State::Leaving);
        }
    }
}

void TestRegistrationState::saysWhy()
{
    Registration each;
    each.lastError = Error{.code = Error::Code::InvalidArgument, .detail = u"No."_s};
    QStringList said;
    for (int cause = 0; cause <= int(Cause::Refused); ++cause) {
        each.cause = Cause(cause);
        said.append(causeText(each));
    }
    QCOMPARE(said.size(), 9);
    QCOMPARE(said[int(Cause::Beat)], QString());
    QCOMPARE(said[int(Cause::BeatFailed)], u"No."_s);
    QVERIFY(said[int(Cause::Expired)].endsWith(u" No."_s));
    said.removeAll(QString());
    QCOMPARE(said.removeDuplicates(), 1); // a failed beat and a refusal are their error
}

QTEST_APPLESS_MAIN(TestRegistrationState)
#include "tst_registrationstate.moc"
