// SPDX-License-Identifier: MIT
#include "livetable.h"

#include <QRandomGenerator>
#include <QTest>

#include <algorithm>
#include <map>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

using Kind = Change::Kind;
using Kinds = QList<Kind>;

/// What follows from listings and events that come late, twice, in the wrong order or not at all.
class TestLiveTable : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void tellsWhatHappened_data();
    void tellsWhatHappened();
    void keepsWhatItWasAndWhen();
    void knowsTheCadenceOfV2();
    void knowsTheCadenceOfV3();
    void doesNotTakeRoundingForABeat();
    void tellsWhatWasGranted();
    void learnsNothingFromAnOutage();
    void standsStillWithoutALeader();
    void goesWithItsDirectory();
    void doesNotCallALeaveExpired();
    void knowsWhoComesBack();
    void beginsAnew();
    void forgetsWhatIsListedAgain();
    void tellsWhoIsOverdue();
    void equalsTheTruth_data();
    void equalsTheTruth();

private:
    using Clock = Instance::Clock;
    inline static const Clock::time_point t0{1000s};
    inline static const QString key = u"services/web/a"_s;

    static Entry entry(qint64 revision, const QByteArray &value = "{}",
                       std::optional<std::chrono::milliseconds> left = {}, const QString &of = key)
    {
        return {.key = of,
                .value = value,
                .createRevision = 1,
                .modRevision = revision,
                .hasTtl = left.has_value(),
                .timeLeft = left};
    }

    static constexpr qint64 lease = 7;
    static Entry leased(qint64 revision, qint64 lease = TestLiveTable::lease)
    {
        return {.key = key, .value = "{}", .modRevision = revision, .lease = lease, .hasTtl = true};
    }

    static Listing listing(const QList<Entry> &entries, qint64 revision, Clock::time_point at = t0)
    {
        return {.entries = entries, .revision = revision, .endpoint = {}, .observed = at};
    }

    static Event put(const Entry &entry) { return {.entry = entry}; }
    static Event gone(qint64 revision, Event::Kind kind = Event::Kind::Delete,
                      const QString &of = key, bool directory = false)
    {
        return {kind, {.key = of, .modRevision = revision}, directory};
    }

    static Kinds kindsOf(const QList<Change> &changes)
    {
        Kinds kinds;
        for (const Change &change : changes)
            kinds.append(change.kind);
        return kinds;
    }
};

/// An event, or a listing.
struct Step
{
    std::variant<Event, Listing> what;
    Kinds told;
    std::chrono::seconds at{0};
};

void TestLiveTable::tellsWhatHappened_data()
{
    QTest::addColumn<Api>("api");
    QTest::addColumn<QList<Entry>>("first"); // as of revision 10
    QTest::addColumn<QList<Step>>("steps");
    const auto row = [](const char *tag, Api api, const QList<Entry> &first,
                        const QList<Step> &steps) { QTest::newRow(tag) << api << first << steps; };
    const auto expire = [](qint64 revision) { return gone(revision, Event::Kind::Expire); };

    row("v3: joins, changes, renews, leaves", Api::V3, {},
        {{put(entry(11)), {Kind::Joined}},
         {put(entry(12, "[]")), {Kind::Changed}},
         {put(entry(13, "[]")), {Kind::Renewed}},
         {gone(14), {Kind::Left}}});
    row("v3: on a lease, how it went is not known", Api::V3, {leased(5)},
        {{gone(11), {Kind::Gone}}});
    row("v2: left", Api::V2, {entry(5, "{}", 8s)}, {{gone(11), {Kind::Left}, 20s}});
    row("v2: expired", Api::V2, {entry(5, "{}", 8s)}, {{expire(11), {Kind::Expired}}});
    row("v2: gone from a listing before its time", Api::V2, {entry(5, "{}", 8s)},
        {{listing({}, 11, t0 + 4s), {Kind::Left}}});
    row("v2: gone from a listing as its time was up", Api::V2, {entry(5, "{}", 8s)},
        {{listing({entry(5, "{}", 2s)}, 10, t0 + 6s), {}},
         {listing({}, 11, t0 + 8300ms), {Kind::Expired}}});
    row("v2: gone from a listing long after", Api::V2, {entry(5, "{}", 8s)},
        {{listing({}, 11, t0 + 60s), {Kind::Gone}}});
    row("gone from a listing, without a TTL", Api::V2, {entry(5)},
        {{listing({}, 11, t0 + 60s), {Kind::Left}}});
    row("v2: a refresh is told by listings only", Api::V2, {entry(5, "{}", 5s)},
        {{listing({entry(12, "{}", 9s)}, 12, t0 + 2s), {Kind::Renewed}},
         {listing({entry(12, "{}", 8s)}, 13, t0 + 3s), {}}});

    row("told twice", Api::V3, {},
        {{put(entry(11)), {Kind::Joined}},
         {put(entry(11)), {}},
         {gone(12), {Kind::Left}},
         {gone(12), {}},
         {put(entry(11)), {}}, // all of it once more
         {gone(12), {}}});
    row("an event that the listing knew", Api::V3, {entry(9, "[]")}, {{put(entry(8)), {}}});
    row("a joining that is older than the listing without it", Api::V2, {},
        {{put(entry(8)), {}}, {gone(9), {}}, {put(entry(11)), {Kind::Joined}}});
    row("an end that is older than the listing with it", Api::V2, {entry(9)}, {{gone(8), {}}});
    row("events in the wrong order", Api::V2, {},
        {{put(entry(12, "[]")), {Kind::Joined}}, {put(entry(11)), {}}, {gone(11), {}}});

    row("a listing from before a joining", Api::V2, {},
        {{put(entry(12)), {Kind::Joined}}, {listing({}, 11), {}}});
    row("a listing from before a change", Api::V2, {entry(5)},
        {{put(entry(12, "[]")), {Kind::Changed}}, {listing({entry(5)}, 11), {}}});
    row("a listing from before an end", Api::V2, {entry(5)},
        {{gone(12), {Kind::Left}},
         {listing({entry(5)}, 11), {}},
         {listing({entry(5)}, 11), {}},
         {listing({}, 12), {}}});
    row("registered again after its end", Api::V2, {entry(5)},
        {{gone(12), {Kind::Left}},
         {put(entry(13)), {Kind::Joined}},
         {listing({entry(5)}, 11), {}},
         {listing({}, 12), {}},
         {listing({entry(13)}, 13), {}}});
    row("a listing from before the one before", Api::V2, {entry(5)},
        {{listing({}, 12), {Kind::Left}}, {listing({entry(5)}, 11), {}}});
    row("one that goes and one that was late to go", Api::V2,
        {entry(5), entry(6, "{}", {}, u"services/web/b"_s)},
        {{gone(13), {Kind::Left}}, {listing({entry(5)}, 12), {Kind::Left}}});

    row("an end that nobody told, then its event", Api::V2, {entry(5)},
        {{listing({}, 12), {Kind::Left}}, {gone(11), {}}});
    row("a change that nobody told, then its event", Api::V2, {entry(5)},
        {{listing({entry(11, "[]")}, 12), {Kind::Changed}}, {put(entry(11, "[]")), {}}});

    row("v2: a directory goes", Api::V2,
        {entry(5), entry(6, "{}", {}, u"services/web/b"_s),
         entry(7, "{}", {}, u"services/web-2/c"_s)},
        {{gone(11, Event::Kind::Delete, u"services/web"_s, true), {Kind::Left, Kind::Left}},
         {gone(11, Event::Kind::Delete, u"services/web"_s, true), {}},
         {listing({entry(5), entry(7, "{}", {}, u"services/web-2/c"_s)}, 10), {}},
         {put(entry(12)), {Kind::Joined}}});
    row("v2: a directory expires", Api::V2, {entry(5)},
        {{gone(11, Event::Kind::Expire, u"services"_s, true), {Kind::Expired}}});
    row("v2: a directory is made", Api::V2, {entry(5)},
        {{Event{Event::Kind::Put, {.key = u"services/web"_s, .modRevision = 11}, true}, {}}});

    row("no JSON, nothing at all, JSON", Api::V2, {entry(5, "{")},
        {{put(entry(11, "")), {Kind::Changed}},
         {put(entry(12, "")), {Kind::Renewed}},
         {put(entry(13, "{}")), {Kind::Changed}}});
}

void TestLiveTable::tellsWhatHappened()
{
    QFETCH(Api, api);
    QFETCH(QList<Entry>, first);
    QFETCH(QList<Step>, steps);
    LiveTable table;
    table.begin(listing(first, 10), api);
    for (qsizetype i = 0; i < steps.size(); ++i) {
        const auto &[what, told, at] = steps.at(i);
        const Event *event = std::get_if<Event>(&what);
        const QList<Change> changes = event
                                          ? table.apply({*event}, event->entry.modRevision, t0 + at)
                                          : table.reconcile(std::get<Listing>(what));
        QVERIFY2(kindsOf(changes) == told, qPrintable(u"step %1"_s.arg(i)));
    }
}

void TestLiveTable::keepsWhatItWasAndWhen()
{
    const QByteArray web = R"({"name":"web","url":"http://a"})",
                     shop = R"({"name":"shop","url":"http://a"})";
    LiveTable table;
    table.begin(listing({entry(5, web)}, 10), Api::V3);
    QVERIFY(table.find(key)->older);
    QCOMPARE(table.find(key)->firstSeen, t0);
    QCOMPARE(table.find(key)->changed, Clock::time_point());

    // Its key says web, so it stays there whatever its document says.
    const auto renamed = table.apply({put(entry(11, shop))}, 11, t0 + 1s);
    QCOMPARE(renamed.first().before->document, web);
    QCOMPARE(renamed.first().before->service, u"web"_s);
    QCOMPARE(renamed.first().live.instance->document, shop);
    QCOMPARE(renamed.first().live.instance->service, u"web"_s);
    QCOMPARE(renamed.first().at, t0 + 1s);
    QCOMPARE(table.find(key)->changed, t0 + 1s);
    QCOMPARE(table.find(key)->firstSeen, t0);

    // A name that differs in what a key can't hold is another service.
    const QString slugged = u"services/my-shop/a"_s;
    const auto named = [&](qint64 revision, const QByteArray &name) {
        return put(entry(revision, R"({"name":")" + name + R"("})", {}, slugged));
    };
    table.apply({named(12, "my-shop")}, 12, t0);
    const auto moved = table.apply({named(13, "my shop")}, 13, t0);
    QCOMPARE(moved.first().before->service, u"my-shop"_s);
    QCOMPARE(moved.first().live.instance->service, u"my shop"_s);

    const auto left = table.apply({gone(14)}, 14, t0 + 2s);
    QCOMPARE(left.first().live.instance->document, shop);
    QCOMPARE(table.find(key), nullptr);
    QCOMPARE(table.size(), 1);
    QCOMPARE(table.revision(), 14);
    table.apply({}, 20, t0); // progress
    QCOMPARE(table.revision(), 20);
}

void TestLiveTable::knowsTheCadenceOfV2()
{
    // TTL 10 s, a beat each 5 s: first seen 4 s after one, which does not tell the TTL.
    LiveTable table;
    table.begin(listing({entry(5, "{}", 6s)}, 10), Api::V2);
    qint64 revision = 10;
    for (auto at = 1s; at <= 31s; at += 5s) {
        ++revision;
        const auto told = table.apply({put(entry(revision, "{}", 10s))}, revision, t0 + at);
        QCOMPARE(kindsOf(told), Kinds{Kind::Renewed});
        const LiveInstance &live = *table.find(key);
        QCOMPARE(live.cadence, 5000ms);
        QCOMPARE(live.instance->ttl, 10000ms);
        QVERIFY(beatDue(live) > t0 + at + 6s && beatDue(live) < t0 + at + 8s);
    }
    QCOMPARE(table.find(key)->beats, 7);
    QVERIFY(table.find(key)->changed == Clock::time_point());

    // A crowd of writes at once is no cadence, and a pause does not undo it.
    for (int i = 0; i < 5; ++i) {
        ++revision;
        table.apply({put(entry(revision, "{}", 10s))}, revision, t0 + 36s);
    }
    QCOMPARE(table.find(key)->cadence, 5000ms);
}

void TestLiveTable::knowsTheCadenceOfV3()
{
    LiveTable table;
    table.begin(listing({leased(5)}, 10), Api::V3);
    QVERIFY(!beatDue(*table.find(key)));
    // TTL 10 s, a beat each 5 s, looked at each 2 s: etcd tells whole seconds, rounded down.
    Kinds told;
    for (auto at = 300ms; at < 60s; at += 2s) {
        const auto left = 10s - at % 5s;
        told += kindsOf(table.look({key}, lease,
                                   {std::chrono::floor<std::chrono::seconds>(left), 10s}, t0 + at));
        const LiveInstance &live = *table.find(key);
        QVERIFY(*beatDue(live) > t0 + at - at % 5s + 5s); // not late while it beats
    }
    QCOMPARE(told.count(Kind::Renewed), 11);
    QVERIFY(std::chrono::abs(table.find(key)->cadence - 5s) < 700ms);

    // A put of the same document on the same lease says nothing of its deadline.
    const auto expires = table.find(key)->instance->expires;
    QCOMPARE(kindsOf(table.apply({put(leased(11))}, 11, t0 + 61s)), Kinds{Kind::Renewed});
    QCOMPARE(table.find(key)->instance->expires, expires);
    // On another it is not known.
    table.apply({put(leased(12, 8))}, 12, t0 + 62s);
    QVERIFY(!table.find(key)->instance->expires);
    QVERIFY(table.look({u"services/web/none"_s}, lease, {5s, 10s}, t0).isEmpty());

    QVERIFY(
        table.look({key}, lease, {5s, 10s}, t0 + 63s).isEmpty()); // what was asked of the old one
    table.look({key}, 8, {5s, 10s}, t0 + 63s);
    QCOMPARE(kindsOf(table.apply({gone(13)}, 13, t0 + 64s)), Kinds{Kind::Left});
}

void TestLiveTable::doesNotTakeRoundingForABeat()
{
    // It never beats; answers take up to 60 ms, and the timer that asks is not exact.
    for (auto start = 0ms; start < 1s; start += 7ms) {
        LiveTable table;
        table.begin(listing({leased(5)}, 10), Api::V3);
        auto at = start;
        for (int i = 0; i < 8; ++i) {
            const auto left = std::chrono::floor<std::chrono::seconds>(20s - at);
            const auto late = i % 2 * 60ms;
            const auto told = table.look({key}, lease, {left, 20s}, t0 + at + late);
            QCOMPARE(kindsOf(told), Kinds{Kind::Looked});
            at += i % 3 == 0 ? 1980ms : 2020ms;
        }
    }
}

/// v2 tells what is left; an event what was granted.
void TestLiveTable::tellsWhatWasGranted()
{
    const auto ttl = [](const LiveTable &table) { return *table.find(key)->instance->ttl; };
    for (const auto &[left, granted] :
         std::initializer_list<std::pair<std::chrono::milliseconds, std::chrono::milliseconds>>{
             {8300ms, 10s}, {10s, 10s}, {3599s, 1h}, {55s, 1min}, {11s, 15s}}) {
        LiveTable table;
        table.begin(listing({entry(5, "{}", left)}, 10), Api::V2);
        QCOMPARE(ttl(table), granted);
        QVERIFY(!table.find(key)->instance->ttlTold);
    }

    // Refreshed each 5 s without an event, and seen with whatever is left of it: no flicker.
    LiveTable table;
    table.begin(listing({entry(5, "{}", 7200ms)}, 10), Api::V2);
    qint64 revision = 10;
    for (auto at = 1s; at < 60s; at += 3s) {
        const auto since = (at + 2800ms) % 5s; // its last beat
        const qint64 beaten = 5 + 4 * ((at + 2800ms) / 5s);
        ++revision;
        table.reconcile(listing({entry(beaten, "{}", 10s - since)}, revision + 40, t0 + at));
        QCOMPARE(ttl(table), 10000ms);
    }

    // What an event tells is true, and stays.
    Entry told = entry(100, "{}", 7s);
    told.granted = 7s;
    table.apply({put(told)}, 100, t0 + 61s);
    QCOMPARE(ttl(table), 7000ms);
    QVERIFY(table.find(key)->instance->ttlTold);
    table.reconcile(listing({entry(101, "{}", 5s)}, 101, t0 + 64s));
    QCOMPARE(ttl(table), 7000ms);
    // A longer one was granted meanwhile.
    table.reconcile(listing({entry(102, "{}", 29500ms)}, 102, t0 + 66s));
    QCOMPARE(ttl(table), 30000ms);
    // And a shorter one: it was not written before it was last looked at.
    table.reconcile(listing({entry(103, "{}", 4800ms)}, 103, t0 + 67s));
    QCOMPARE(ttl(table), 5000ms);

    const Instance left{.api = Api::V2, .hasTtl = true, .ttl = 900ms};
    QCOMPARE(grantedTtl(left, 10s), 10s);
    QCOMPARE(grantedTtl(Instance{.api = Api::V3, .hasTtl = true, .ttl = 9s}, 10s), 9s);
    QCOMPARE(grantedTtl(Instance{}, 10s), std::nullopt);
}

/// Beats of 5 s that come as a sick cluster lets them.
void TestLiveTable::learnsNothingFromAnOutage()
{
    LiveTable table;
    table.begin(listing({entry(5, "{}", 10s)}, 10), Api::V2);
    qint64 revision = 10;
    const auto beat = [&](Clock::time_point at) {
        ++revision;
        table.apply({put(entry(revision, "{}", 10s))}, revision, at);
    };
    for (auto at = 5s; at <= 20s; at += 5s)
        beat(t0 + at);
    QCOMPARE(table.find(key)->cadence, 5000ms);
    table.disturb(t0 + 24s);
    for (const auto at : {26800ms, 28600ms, 30400ms})
        beat(t0 + at);
    table.disturb(t0 + 31s);
    QCOMPARE(table.find(key)->cadence, 5000ms);
    for (auto at = 32s; at <= 52s; at += 5s)
        beat(t0 + at);
    QVERIFY(std::chrono::abs(table.find(key)->cadence - 5s) < 100ms);

    // v3: a new leader gives each lease its whole TTL, which is no beat of its owner.
    LiveTable v3;
    v3.begin(listing({leased(5)}, 10), Api::V3);
    const auto look = [&](std::chrono::seconds left, qint64 term, std::chrono::seconds at) {
        return kindsOf(v3.look({key}, lease, {left, 10s, term, t0 + at}, t0 + at));
    };
    look(9s, 2, 1s);
    look(7s, 2, 3s);
    QCOMPARE(look(9s, 3, 4s), Kinds{Kind::Looked});
    QCOMPARE(v3.find(key)->cadence, 0ms);
}

void TestLiveTable::standsStillWithoutALeader()
{
    // Its time is up, and etcd still shows it.
    LiveTable table;
    table.begin(listing({entry(5, "{}", 3s)}, 10), Api::V2);
    QVERIFY(table.reconcile(listing({entry(5, "{}", -60s)}, 10, t0 + 63s)).isEmpty());
    QCOMPARE(table.size(), 1);
    LiveTable late;
    late.begin(listing({entry(5, "{}", -60s)}, 10), Api::V2);
    QVERIFY(!beatDue(*late.find(key)));
}

/// The least of its own TTL and of those of the directories above it is left.
void TestLiveTable::goesWithItsDirectory()
{
    const auto with = [](std::chrono::seconds left, Clock::time_point at, qint64 revision,
                         std::chrono::seconds own) {
        Entry one = entry(5, "{}", own);
        one.directoryLeft = left;
        Listing all = listing({one}, revision, at);
        all.directories.insert(u"services/web"_s, left);
        return all;
    };
    LiveTable table;
    table.begin(with(15s, t0, 10, 600s), Api::V2);
    QCOMPARE(table.find(key)->instance->expires, t0 + 15s);
    QVERIFY(beatDue(*table.find(key)) > t0 + 300s); // it beats as it should
    // It beats, which does not help it.
    table.apply({put(entry(11, "{}", 600s))}, 11, t0 + 5s);
    QCOMPARE(table.find(key)->instance->expires, t0 + 15s);
    // Somebody lets the directory live on, which is a write of none of those below it.
    Listing longer = with(60s, t0 + 10s, 12, 595s);
    longer.entries.first().modRevision = 11;
    QCOMPARE(kindsOf(table.reconcile(longer)), Kinds{Kind::Looked});
    QCOMPARE(table.find(key)->instance->expires, t0 + 70s);

    LiveTable without;
    Listing all = listing({entry(5)}, 10);
    all.directories.insert(u"services"_s, 20s);
    all.entries.first().directoryLeft = 20s;
    without.begin(all, Api::V2);
    QVERIFY(without.find(key)->instance->hasTtl);
    QCOMPARE(without.find(key)->instance->expires, t0 + 20s);
}

/// TTL 3 s, renewed each second, looked at each two: it left, and nobody saw it late.
void TestLiveTable::doesNotCallALeaveExpired()
{
    LiveTable table;
    table.begin(listing({leased(5)}, 10), Api::V3);
    table.look({key}, lease, {2s, 3s, 2, t0}, t0);
    QCOMPARE(kindsOf(table.apply({gone(11)}, 11, t0 + 2s)), Kinds{Kind::Gone});

    LiveTable late;
    late.begin(listing({leased(5)}, 10), Api::V3);
    late.look({key}, lease, {0s, 3s, 2, t0}, t0);
    QCOMPARE(kindsOf(late.apply({gone(11)}, 11, t0 + 900ms)), Kinds{Kind::Expired});
}

void TestLiveTable::knowsWhoComesBack()
{
    LiveTable table;
    table.begin(listing({entry(5)}, 10), Api::V3);
    table.apply({gone(11)}, 11, t0 + 1s);
    QCOMPARE(table.apply({put(entry(12))}, 12, t0 + 5400ms).first().away, 4400ms);
    QCOMPARE(table.removed(), 0); // it is there
    const auto other = table.apply({put(entry(13, "{}", {}, u"services/web/b"_s))}, 13, t0);
    QCOMPARE(other.first().away, std::nullopt);
}

void TestLiveTable::beginsAnew()
{
    const QString b = u"services/web/b"_s, c = u"services/web/c"_s, d = u"services/web/d"_s;
    LiveTable table;
    table.begin(listing({entry(500), entry(600, "{}", {}, b), entry(7, "{}", {}, c)}, 1000),
                Api::V2);
    table.apply({gone(1001, Event::Kind::Delete, d)}, 1001, t0);
    // The same document, another one at the revision that the old one had by chance, one that has
    // gone, and one that was gone in the store that is no more.
    const auto told =
        table.reconcile(listing({entry(5), entry(7, "[]", {}, c), entry(8, "{}", {}, d)}, 9), true);
    Kinds kinds = kindsOf(told);
    std::ranges::sort(kinds);
    QCOMPARE(kinds, (Kinds{Kind::Joined, Kind::Changed, Kind::Renewed, Kind::Left}));
    QCOMPARE(table.revision(), 9);
    QCOMPARE(table.size(), 3);

    // From now on the new revisions count, also for what was there in the old store.
    QCOMPARE(
        kindsOf(table.reconcile(listing(
            {entry(5), entry(7, "[]", {}, c), entry(8, "{}", {}, d), entry(10, "{}", {}, b)}, 10))),
        Kinds{Kind::Joined});
    QCOMPARE(kindsOf(table.apply({put(entry(11, "[]"))}, 11, t0)), Kinds{Kind::Changed});
    QCOMPARE(kindsOf(table.apply({gone(12)}, 12, t0)), Kinds{Kind::Left});
}

/// v3: no listing is older than the moment at which it was asked for.
void TestLiveTable::forgetsWhatIsListedAgain()
{
    LiveTable table;
    table.begin(listing({entry(5)}, 10), Api::V3);
    table.apply({gone(11)}, 11, t0);
    table.forgetRemoved(); // asked now
    table.apply({put(entry(12))}, 12, t0);
    table.apply({gone(13)}, 13, t0);
    QCOMPARE(kindsOf(table.reconcile(listing({entry(12)}, 12))), Kinds{});
    QCOMPARE(table.size(), 0);
}

void TestLiveTable::tellsWhoIsOverdue()
{
    const QString immortal = u"services/web/b"_s;
    LiveTable table;
    table.begin(listing({entry(5, "{}", 10s), entry(6, "{}", {}, immortal)}, 10), Api::V2);
    QVERIFY(table.overdue(t0 + 6s).keys.isEmpty());
    QCOMPARE(table.overdue(t0 + 8s).keys, QStringList{key});
    // It was looked at: to look again tells nothing until something else is due.
    table.reconcile(listing({entry(5, "{}", 2s), entry(6, "{}", {}, immortal)}, 10, t0 + 8s));
    QVERIFY(table.overdue(t0 + 9s).keys.isEmpty());
    QVERIFY(beatDue(*table.find(key)) < t0 + 9s);
}

void TestLiveTable::equalsTheTruth_data()
{
    QTest::addColumn<Api>("api");
    QTest::addColumn<bool>("lossy");
    QTest::newRow("v2") << Api::V2 << false;
    QTest::newRow("v2, events are lost") << Api::V2 << true;
    QTest::newRow("v3") << Api::V3 << false;
}

void TestLiveTable::equalsTheTruth()
{
    QFETCH(Api, api);
    QFETCH(bool, lossy);
    using State = std::map<QString, std::pair<qint64, QByteArray>>;
    const auto stateOf = [](const auto &keys, const auto &find) {
        State state;
        for (const QString &key : keys) {
            if (const LiveInstance *live = find(key))
                state[key] = {live->instance->modRevision, live->instance->document};
        }
        return state;
    };
    QStringList keys;
    for (const char *service : {"web", "web-2", "db"}) {
        for (int i = 0; i < 3; ++i)
            keys.append(u"services/%1/%2"_s.arg(QLatin1StringView(service)).arg(i));
    }

    for (quint32 seed = 0; seed < 400; ++seed) {
        QRandomGenerator random(seed);
        const auto chance = [&](int in) { return random.bounded(in) == 0; };
        QList<State> states{{}}; // by revision
        QList<Event> history{{}};
        const auto happen = [&] {
            const qint64 revision = states.size();
            State state = states.last();
            const QString key = keys.at(random.bounded(keys.size()));
            Event event =
                gone(revision, chance(2) ? Event::Kind::Delete : Event::Kind::Expire, key);
            if (api == Api::V2 && chance(12)) {
                event.directory = true;
                event.entry.key = key.section(u'/', 0, -2);
                std::erase_if(state, [&](const auto &known) {
                    return known.first.startsWith(event.entry.key + u'/');
                });
            } else if (state.contains(key) && chance(2)) {
                if (api == Api::V3)
                    event.kind = Event::Kind::Delete;
                state.erase(key);
            } else {
                event = put(entry(revision, chance(2) ? "{}" : "[]", {}, key));
                state[key] = {revision, event.entry.value};
            }
            states.append(state);
            history.append(event);
        };
        const auto listingOf = [&](qint64 revision) {
            Listing result = listing({}, revision);
            for (const auto &[key, value] : states.at(revision))
                result.entries.append(entry(value.first, value.second, {}, key));
            return result;
        };

        happen();
        LiveTable table;
        QHash<QString, LiveInstance> mirror; // what one who listens knows
        qint64 told = states.size() - 1;
        for (const LiveInstance &live : table.begin(listingOf(told), api))
            mirror.insert(live.instance->key, live);
        const auto tell = [&](const QList<Change> &changes) {
            for (const Change &change : changes) {
                const QString key = change.live.instance->key;
                QCOMPARE(mirror.contains(key), change.kind != Kind::Joined);
                QVERIFY(change.kind != Kind::Renewed
                        || mirror[key].instance->document == change.live.instance->document);
                if (isGone(change.kind))
                    mirror.remove(key);
                else
                    mirror.insert(key, change.live);
            }
        };
        const auto equals = [&](qint64 revision) {
            const auto inTable = [&](const QString &key) { return table.find(key); };
            const auto inMirror = [&](const QString &key) {
                const auto known = mirror.constFind(key);
                return known == mirror.cend() ? nullptr : &*known;
            };
            return stateOf(keys, inTable) == states.at(revision)
                   && stateOf(keys, inMirror) == states.at(revision);
        };

        constexpr qint64 never = -1;
        qint64 asked = never; // at this revision for a listing
        for (int step = 0; step < 60; ++step) {
            for (int i = random.bounded(4); i > 0; --i)
                happen();
            if (asked == never && chance(4)) {
                asked = api == Api::V3 ? states.size() - 1
                                       : random.bounded(qint64(states.size() - 1)) + 1;
                if (api == Api::V3)
                    table.forgetRemoved();
            }
            if (chance(8))
                tell(table.apply({history.at(1 + random.bounded(told))}, 0, t0)); // again
            QList<Event> events;
            for (int i = random.bounded(5); i > 0 && told + 1 < states.size(); --i) {
                ++told;
                if (!lossy || !chance(4))
                    events.append(history.at(told));
            }
            if (!events.isEmpty())
                tell(table.apply(events, events.last().entry.modRevision, t0));
            if (asked != never && chance(3)) {
                tell(table.reconcile(listingOf(asked)));
                asked = never;
            }
            QVERIFY2(lossy || equals(table.revision()),
                     qPrintable(u"seed %1, step %2"_s.arg(seed).arg(step)));
        }
        tell(table.reconcile(listingOf(states.size() - 1)));
        QVERIFY2(equals(states.size() - 1), qPrintable(u"seed %1"_s.arg(seed)));
        if (QTest::currentTestFailed())
            return;
    }
}

QTEST_APPLESS_MAIN(TestLiveTable)
#include "tst_livetable.moc"
