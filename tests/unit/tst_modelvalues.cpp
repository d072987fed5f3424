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
    void beatsAreDue_data();
    void beatsAreDue();
    void sentences();
    void filters_data();
    void filters();
    void knowsUnknownFields();
    void refusesWhatIsNoExpression();
    void readsFields();
    void keepsWhatWasSeen();
    void learnsTheCadence();
    void deducesTheTtl();
    void tellsWhatBecameOfRows();
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
    QTest::addColumn<int>("left");    // at the start, in ms, of 10 s; -1: no TTL, -2: not known
    QTest::addColumn<int>("cadence"); // 0: not known
    QTest::addColumn<int>("now");     // after the start
    QTest::addColumn<int>("looked");
    QTest::addColumn<bool>("paused");
    QTest::addColumn<Instance::Problem>("problem");
    QTest::addColumn<InstanceState>("state");
    using State = InstanceState;
    using Problem = Instance::Problem;
    const auto row = [](const char *name, int left, int cadence, int now, int looked, State state) {
        QTest::newRow(name) << left << cadence << now << looked << false << Problem::None << state;
    };
    row("fresh", 10000, 0, 0, 0, State::Alive);
    row("a beat at half the TTL is to come", 5000, 0, 0, 0, State::Alive);
    row("just not due", 3251, 0, 0, 0, State::Alive);
    row("due", 3250, 0, 0, 0, State::Late);
    row("nobody looked", 9000, 0, 9000, 5749, State::Alive);
    row("somebody looked", 9000, 0, 5750, 5750, State::Late);
    row("it beats each second", 8251, 1000, 0, 0, State::Alive);
    row("and missed one", 8250, 1000, 0, 0, State::Late);
    row("it beats late always", 1201, 8000, 0, 0, State::Alive);
    row("a fifth left", 2000, 5000, 0, 0, State::Late);
    row("less than a fifth", 1999, 5000, 0, 0, State::Expiring);
    row("late, then nobody looked", 3250, 0, 1251, 0, State::Expiring);
    row("over", 3000, 0, 9000, 9000, State::Expiring);
    row("no TTL", -1, 0, 0, 0, State::NoTtl);
    row("lease not asked", -2, 0, 9000, 9000, State::Alive);
    QTest::newRow("paused") << 1000 << 0 << 0 << 0 << true << Problem::None << State::Paused;
    QTest::newRow("broken") << 9000 << 0 << 0 << 0 << true << Problem::NotAnObject << State::Broken;
    QTest::newRow("broken key") << -1 << 0 << 0 << 0 << false << Problem::KeyMismatch
                                << State::Broken;
}

void TestModelValues::states()
{
    QFETCH(int, left);
    QFETCH(int, cadence);
    QFETCH(int, now);
    QFETCH(int, looked);
    QFETCH(bool, paused);
    QFETCH(Instance::Problem, problem);
    Instance instance = makeInstance(u"a/x/1"_s, start);
    instance.problem = problem;
    instance.hasTtl = left != -1;
    instance.expires = start + std::chrono::milliseconds(left);
    if (left < 0)
        instance.expires.reset();
    LiveInstance live = continued({}, instance, start);
    live.cadence = std::chrono::milliseconds(cadence);
    live.beats = cadence ? 3 : 0;
    QTEST(stateOf(live, start + std::chrono::milliseconds(now),
                  start + std::chrono::milliseconds(looked), paused),
          "state");
}

void TestModelValues::beatsAreDue_data()
{
    QTest::addColumn<int>("ttl");
    QTest::addColumn<int>("cadence");
    QTest::addColumn<int>("beats");
    QTest::addColumn<int>("due"); // after the last beat
    QTest::newRow("cadence not known") << 10000 << 0 << 0 << 6750;
    QTest::newRow("written twice at the start") << 10000 << 1000 << 1 << 6750;
    QTest::newRow("slow from the start") << 10000 << 6000 << 1 << 8000;
    QTest::newRow("that of the npm client") << 10000 << 5000 << 3 << 6750;
    QTest::newRow("fast") << 10000 << 1000 << 3 << 1750;
    QTest::newRow("slow") << 10000 << 9000 << 3 << 9900;
    QTest::newRow("short TTL") << 2000 << 0 << 0 << 1600;
    QTest::newRow("long TTL") << 60000 << 5000 << 3 << 6750;
}

void TestModelValues::beatsAreDue()
{
    QFETCH(int, ttl);
    QFETCH(int, cadence);
    QFETCH(int, beats);
    QFETCH(int, due);
    Instance instance = makeInstance(u"a/x/1"_s, start);
    instance.ttl = std::chrono::milliseconds(ttl);
    instance.expires = start + *instance.ttl;
    LiveInstance live = continued({}, instance, start);
    live.cadence = std::chrono::milliseconds(cadence);
    live.beats = beats;
    QCOMPARE(beatDue(live).value(), start + std::chrono::milliseconds(due));
    instance.expires.reset();
    QVERIFY(!beatDue(continued({}, instance, start)));
    instance.ttl.reset();
    QVERIFY(!beatDue(continued({}, instance, start)));
}

void TestModelValues::sentences()
{
    Row row = makeRows({u"a/x/1"_s}, start)[0];
    QCOMPARE(stateSentence(row, start), u"Alive: 8.0 s of its 10 s are left."_s);
    edit(row, [](Instance &i) { i.expires = start + 3400ms; });
    row.state = InstanceState::Late;
    QCOMPARE(stateSentence(row, start), u"Late: its beat is 1.6 s overdue; it expires in 3.4 s."_s);
    row.cadence = 2s;
    row.beats = 3;
    row.state = InstanceState::Expiring;
    QCOMPARE(stateSentence(row, start + 3s),
             u"Expiring: its beat is 7.6 s overdue; it expires in 0.4 s."_s);
    QCOMPARE(stateSentence(row, start + 5s),
             u"Expiring: its beat is 9.6 s overdue, and its time is up."_s);
    row.state = InstanceState::Paused;
    QCOMPARE(stateSentence(row, start),
             u"Paused: we hold it and do not beat; 3.4 s of its 10 s are left."_s);
    edit(row, [](Instance &i) { i.expires.reset(); });
    QCOMPARE(stateSentence(row, start), u"Paused: we hold it and do not beat; it will expire."_s);
    row.state = InstanceState::Alive;
    QCOMPARE(stateSentence(row, start), u"Alive: it has a TTL; the time left is not known yet."_s);
    row.state = InstanceState::NoTtl;
    QVERIFY(stateSentence(row, start).startsWith(u"No TTL: it never expires"_s));
    row.state = InstanceState::Broken;
    for (const auto problem : {Instance::Problem::NotAnObject, Instance::Problem::KeyShape,
                               Instance::Problem::KeyMismatch}) {
        edit(row, [problem](Instance &i) { i.problem = problem; });
        QVERIFY(stateSentence(row, start).startsWith(u"Broken: its "_s));
    }
}

void TestModelValues::filters_data()
{
    QTest::addColumn<QString>("filter");
    QTest::addColumn<bool>("matches");
    // Against shop/orders/1 with the document below
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
    row(u"zone:"_s, true); // it has one
    row(u"nothing:"_s, false);
    row(u"größe"_s, true);
    row(u"GRÖSSE"_s, false);
    row(u"GRÖßE"_s, true);
    row(u"größe:7"_s, true);
    row(u"note:\"b"_s, true); // as it reads, not as it is escaped
    row(u"note:ü"_s, true);
    row(u"note:Ü"_s, true);
    row(u"tags:[\"a\",2]"_s, true);
    row(u"tags:b"_s, false);
    row(u"/gr..e/"_s, true);
    row(u"orders!"_s, false);
    row(u"z"_s, true);
    row(u"{\"NAME\""_s, true);
    row(u"7}"_s, true); // the very end
    row(u"7}x"_s, false);
    row(u"host:10.0.0.1:80"_s, true);
    row(u"port:8"_s, false); // a port is that number
    row(u"port:"_s, true);   // about to be typed
    row(u"!port:8"_s, true);
    row(u"zone:/^z[12]$/"_s, true);
    row(u"zone:/^1/"_s, false);
    row(u"zone:/orders/"_s, false); // in that field only
    row(u"!zone:/z2/"_s, true);
    row(u"host:/0\\.1:8/ zone:z1"_s, true);
    row(u"note:/a .b/"_s, true); // the blank is part of it
    row(u"zone:\"z1\""_s, true);
    row(u"zone:\"z\""_s, false); // in quotes: the whole of it
    row(u"state:\"alive\""_s, true);
    row(u"state:\"no ttl\""_s, false);
    row(u"!state:\"no ttl\" zone:z1"_s, true);
    row(u"\"tags\""_s, true);
    row(u"\"a, 2\""_s, false);
    row(u"http://10.0.0.1:80"_s, true); // no expressions
    row(u"http://10.0/a/b"_s, false);
}

void TestModelValues::knowsUnknownFields()
{
    const Rows rows = makeRows({u"shop/orders/1"_s}, start);
    const auto unknown = [&](const QString &filter) {
        return InstanceFilter::parse(filter).value().unknownFields(rows);
    };
    QCOMPARE(unknown(u"portt:80 state:late word !none:1 /a:b/"_s), QStringList(u"portt"_s));
    QCOMPARE(unknown(u"namespace:x"_s), QStringList());
}

void TestModelValues::filters()
{
    QFETCH(QString, filter);
    Rows rows = makeRows({u"shop/orders/1"_s}, start);
    edit(rows[0], [](Instance &i) {
        i.document = R"({"name":"orders","zone":"z1","note":"a \"b\" \u00fc","tags":["a", 2],)"
                     R"("Größe":7})";
    });
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

void TestModelValues::readsFields()
{
    Row row = makeRows({u"shop/orders/1"_s}, start)[0];
    edit(row, [](Instance &i) {
        i.document = R"({"a":"1","A":"2","empty":"","o":{ "x" : [1, 2] },"n":9007199254740993})";
    });
    QCOMPARE(fieldText(row, u"A"_s), u"1"_s); // the first, whatever its case
    QCOMPARE(fieldText(row, u"o"_s), u"{\"x\":[1,2]}"_s);
    QCOMPARE(fieldText(row, u"n"_s), u"9007199254740993"_s);
    QVERIFY(!fieldText(row, u"empty"_s).isNull());
    QVERIFY(fieldText(row, u"x"_s).isNull());
    QCOMPARE(fieldText(row, u"State"_s), u"Alive"_s);
    edit(row, [](Instance &i) { i.document = R"({"a":1)"; });
    QVERIFY(fieldText(row, u"a"_s).isNull());
}

void TestModelValues::keepsWhatWasSeen()
{
    const Rows first = makeRows({u"a/x/1"_s, u"a/x/2"_s}, start);
    QVERIFY(first[0].older);
    QCOMPARE(first[0].changed, Instance::Clock::time_point());
    const auto next = [](const Rows &rows, const QStringList &paths, std::chrono::seconds after) {
        return continuedRows(rows, makeSnapshot(paths, start + after).instances, start + after);
    };
    const Rows second = next(first, {u"a/x/0"_s, u"a/x/2"_s}, 2s);
    QCOMPARE(second.size(), 2);
    QCOMPARE(second[0].firstSeen, start + 2s);
    QCOMPARE(second[0].changed, start + 2s);
    QVERIFY(!second[0].older);
    QCOMPARE(second[1].firstSeen, start);
    QVERIFY(second[1].older);
    QCOMPARE(second[1].changed, Instance::Clock::time_point()); // a beat is no change
    // Left, and joined again: a new life
    QCOMPARE(next(second, {u"a/x/1"_s}, 4s)[0].firstSeen, start + 4s);
}

void TestModelValues::learnsTheCadence()
{
    Instance instance = makeInstance(u"a/x/1"_s, start);
    LiveInstance live;
    const auto show = [&](std::chrono::milliseconds after) {
        instance.expires = start + after + 10s;
        live = continued(live, instance, start + after);
    };
    const auto learned = [&live] { return std::pair(live.beats, live.cadence); };
    instance.api = Api::V3;
    instance.lease = 7;
    show(0s);
    QCOMPARE(learned(), std::pair(0, 0ms));
    show(5s);
    QCOMPARE(learned(), std::pair(1, 5000ms));
    show(5300ms); // rounded otherwise
    QCOMPARE(learned(), std::pair(1, 5000ms));
    show(11s); // slower: that is believed at once, and nobody called late
    QCOMPARE(learned(), std::pair(2, 6000ms));
    show(21500ms); // one that was missed counts for half
    QCOMPARE(learned(), std::pair(3, 8250ms));

    instance.api = Api::V2;
    live = {};
    show(0s);
    show(5s); // told otherwise, but nobody has written it
    QCOMPARE(learned(), std::pair(0, 0ms));
    instance.modRevision = 8;
    show(9s);
    QCOMPARE(learned(), std::pair(1, 4000ms));
    instance.modRevision = 9;
    instance.document = "{}";
    show(10s); // a change, which is no sign of a faster beat
    QCOMPARE(learned(), std::pair(2, 3625ms));
}

void TestModelValues::deducesTheTtl()
{
    LiveInstance live;
    const auto list = [&live](std::chrono::milliseconds left, const QByteArray &document) {
        Instance instance = makeInstance(u"a/x/1"_s, start);
        instance.ttl = left; // all that a v2 listing knows
        instance.expires = start + left;
        instance.document = document;
        live = continued(live, instance, start);
        return *live.instance->ttl;
    };
    QCOMPARE(list(6200ms, "{}"), 10000ms); // of what people choose
    QCOMPARE(list(9950ms, "{}"), 10000ms);
    QCOMPARE(list(2000ms, "{}"), 10000ms);
    QCOMPARE(*lastBeat(*live.instance), start - 8s);
    QCOMPARE(list(3000ms, "{\"a\":1}"), 3000ms); // written anew
}

void TestModelValues::tellsWhatBecameOfRows()
{
    const Rows before = makeRows({u"a/x/1"_s, u"a/x/2"_s, u"a/x/3"_s, u"b/y/1"_s}, start);
    Rows after = makeRows({u"a/x/0"_s}, start) + before.mid(1);
    after[1].state = InstanceState::Late;
    edit(after[2], [](Instance &i) { i.expires = start + 9s; }); // a beat
    after[3].ours = true;
    const RowsUpdate update = updateOf(before, after);
    QCOMPARE(update.newIndexes, (std::vector{-1, 1, 2, 3}));
    QCOMPARE(update.added, std::vector{0});
    QCOMPARE(update.changed, (std::vector{1, 3}));
    QCOMPARE(update.services.size(), 2);
    QCOMPARE(update.services[0].counts[InstanceState::Late], 1);
    QCOMPARE(update.services[0].counts.total(), 3);
    QCOMPARE(update.counts.total(), 4);
}

QTEST_GUILESS_MAIN(TestModelValues)
#include "tst_modelvalues.moc"
