// SPDX-License-Identifier: MIT
#include "durationtext.h"
#include "instancefilter.h"
#include "modelfixture.h"

#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

const Instance::Clock::time_point start = Instance::Clock::time_point(1h);

} // namespace

/// The values that the models are made of: states, durations, filters, rows.
class TestModelValues : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void durations_data();
    void durations();
    void states_data();
    void states();
    void sentences();
    void filters_data();
    void filters();
    void refusesWhatIsNoExpression();
    void keepsWhatWasSeen();
    void deducesTheTtl();
};

void TestModelValues::durations_data()
{
    QTest::addColumn<qint64>("ms");
    QTest::addColumn<QString>("text");
    const auto row = [](std::chrono::milliseconds duration, const QString &text) {
        QTest::newRow(qPrintable(text)) << qint64(duration.count()) << text;
    };
    row(-5s, u"0.0 s"_s);
    row(449ms, u"0.4 s"_s);
    row(9999ms, u"9.9 s"_s);
    row(10s, u"10 s"_s);
    row(59999ms, u"59 s"_s);
    row(60s, u"1 min"_s);
    row(17min + 59s, u"17 min"_s);
    row(1h, u"1 h"_s);
    row(2h + 10min, u"2 h 10 min"_s);
    row(24h, u"1 d"_s);
    row(76h, u"3 d 4 h"_s);
}

void TestModelValues::durations()
{
    QFETCH(qint64, ms);
    QTEST(durationText(std::chrono::milliseconds(ms)), "text");
}

void TestModelValues::states_data()
{
    QTest::addColumn<int>("leftWhenObserved"); // ms of 10 s; -1: no TTL, -2: not known
    QTest::addColumn<int>("sinceThen");
    QTest::addColumn<bool>("paused");
    QTest::addColumn<Instance::Problem>("problem");
    QTest::addColumn<InstanceState>("state");
    using State = InstanceState;
    using Problem = Instance::Problem;
    QTest::newRow("fresh") << 10000 << 0 << false << Problem::None << State::Alive;
    QTest::newRow("about to be beaten") << 5000 << 1900 << false << Problem::None << State::Alive;
    QTest::newRow("just in time") << 4000 << 0 << false << Problem::None << State::Alive;
    QTest::newRow("late") << 3999 << 0 << false << Problem::None << State::Late;
    QTest::newRow("nobody looked for a while")
        << 9000 << 6000 << false << Problem::None << State::Alive;
    QTest::newRow("a fifth left") << 3000 << 1000 << false << Problem::None << State::Late;
    QTest::newRow("less than a fifth") << 3000 << 1001 << false << Problem::None << State::Expiring;
    QTest::newRow("over") << 3000 << 9000 << false << Problem::None << State::Expiring;
    QTest::newRow("no TTL") << -1 << 0 << false << Problem::None << State::NoTtl;
    QTest::newRow("lease not asked") << -2 << 0 << false << Problem::None << State::Alive;
    QTest::newRow("paused") << 1000 << 0 << true << Problem::None << State::Paused;
    QTest::newRow("broken") << 9000 << 0 << true << Problem::NotAnObject << State::Broken;
    QTest::newRow("broken key") << -1 << 0 << false << Problem::KeyMismatch << State::Broken;
}

void TestModelValues::states()
{
    QFETCH(int, leftWhenObserved);
    QFETCH(int, sinceThen);
    QFETCH(bool, paused);
    QFETCH(Instance::Problem, problem);
    Instance instance = makeInstance(u"a/x/1"_s, start);
    instance.problem = problem;
    instance.hasTtl = leftWhenObserved != -1;
    instance.expires = start + std::chrono::milliseconds(leftWhenObserved);
    if (leftWhenObserved < 0)
        instance.expires.reset();
    QTEST(stateOf(instance, start + std::chrono::milliseconds(sinceThen), paused), "state");
}

void TestModelValues::sentences()
{
    Instance instance = makeInstance(u"a/x/1"_s, start);
    QCOMPARE(stateSentence(instance, start), u"Alive: 8.0 s of its 10 s are left."_s);
    instance.expires = start + 3400ms;
    QCOMPARE(stateSentence(instance, start),
             u"Late: 3.4 s of its 10 s are left, no beat for 6.6 s."_s);
    QCOMPARE(stateSentence(instance, start, true),
             u"Paused: we hold it and do not beat; 3.4 s of its 10 s are left."_s);
    instance.expires.reset();
    QCOMPARE(stateSentence(instance, start),
             u"Alive: it has a TTL; the time left is not known yet."_s);
    for (const auto problem : {Instance::Problem::NotAnObject, Instance::Problem::KeyShape,
                               Instance::Problem::KeyMismatch}) {
        instance.problem = problem;
        QVERIFY(stateSentence(instance, start).startsWith(u"Broken: its "_s));
    }
}

void TestModelValues::filters_data()
{
    QTest::addColumn<QString>("filter");
    QTest::addColumn<bool>("matches");
    // Against shop/orders/1 with {"name":"orders","zone":"z1"}
    const auto row = [](const QString &filter, bool matches) {
        QTest::newRow(qPrintable(filter)) << filter << matches;
    };
    row(u""_s, true);
    row(u"   "_s, true);
    row(u"ORD"_s, true);
    row(u"shop z1"_s, true);
    row(u"shop z2"_s, false);
    row(u"!z2"_s, true);
    row(u"!z1"_s, false);
    row(u"!"_s, true);
    row(u"zone:z1"_s, true);
    row(u"ZONE:Z1"_s, true);
    row(u"zone:z2"_s, false);
    row(u"!zone:z2"_s, true);
    row(u"nozone:z1"_s, false);
    row(u"http://10.0"_s, true); // a field's colon, or a text's
    row(u"10.0.0.1:80"_s, true);
    row(u"port:80"_s, true);
    row(u"state:alive"_s, true);
    row(u"state:late"_s, false);
    row(u"store:v2"_s, true);
    row(u"namespace:shop"_s, true);
    row(u"service:shop"_s, false);
    row(u"/ord.rs/"_s, true);
    row(u"/^ord/"_s, true);
    row(u"/^rders/"_s, false);
    row(u"!/z[23]/"_s, true);
    row(u"/name\":\"o/ zone:z1"_s, true);
    row(u"/a b/"_s, false); // the blank is part of it
    row(u"/shop\\/orders/"_s, true);
    row(u"/shop"_s, true); // not finished: a text ("services/shop/...")
    row(u"//"_s, true);
}

void TestModelValues::filters()
{
    QFETCH(QString, filter);
    const Rows rows = makeRows({u"shop/orders/1"_s}, start);
    const auto parsed = InstanceFilter::parse(filter);
    QVERIFY(parsed);
    QTEST(parsed->matches(rows[0]), "matches");
}

void TestModelValues::refusesWhatIsNoExpression()
{
    const auto parsed = InstanceFilter::parse(u"/a(/"_s);
    QVERIFY(!parsed);
    QVERIFY(parsed.error().detail.contains(u"/a(/"_s));
}

void TestModelValues::keepsWhatWasSeen()
{
    const Rows first = makeRows({u"a/x/1"_s, u"a/x/2"_s}, start);
    QVERIFY(first[0].older);
    const Rows second = merged(first, makeSnapshot({u"a/x/0"_s, u"a/x/2"_s}, start + 2s).instances,
                               start + 2s, false);
    QCOMPARE(second.size(), 2);
    QCOMPARE(second[0].firstSeen, start + 2s);
    QVERIFY(!second[0].older);
    QCOMPARE(second[1].firstSeen, start);
    QVERIFY(second[1].older);
    // Left, and joined again: a new life
    const Rows third =
        merged(second, makeSnapshot({u"a/x/1"_s}, start + 4s).instances, start + 4s, false);
    QCOMPARE(third[0].firstSeen, start + 4s);
}

void TestModelValues::deducesTheTtl()
{
    const auto listed = [](std::chrono::milliseconds left, const QByteArray &document) {
        Instance instance = makeInstance(u"a/x/1"_s, start);
        instance.ttl = left; // all that a v2 listing knows
        instance.expires = start + left;
        instance.document = document;
        return QList<Instance>{instance};
    };
    Rows rows = merged({}, listed(6200ms, "{}"), start, true);
    QCOMPARE(*rows[0].instance.ttl, 7000ms); // in whole seconds
    rows = merged(rows, listed(9950ms, "{}"), start, false);
    QCOMPARE(*rows[0].instance.ttl, 10000ms);
    rows = merged(rows, listed(2000ms, "{}"), start, false);
    QCOMPARE(*rows[0].instance.ttl, 10000ms);
    QCOMPARE(*lastBeat(rows[0].instance), start - 8s);
    rows = merged(rows, listed(3000ms, "{\"a\":1}"), start, false); // written anew
    QCOMPARE(*rows[0].instance.ttl, 3000ms);
}

QTEST_GUILESS_MAIN(TestModelValues)
#include "tst_modelvalues.moc"
