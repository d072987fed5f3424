// SPDX-License-Identifier: MIT
#include "journal.h"

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using Kind = JournalEntry::Kind;
using What = JournalEntry::What;
using Clock = Instance::Clock;

namespace {

const QString cluster = u"http://me@10.0.0.1:2379,10.0.0.2:2379/shop?api=v3"_s;

InstancePtr instanceAt(const QString &host, const QByteArray &document = "{}")
{
    return std::make_shared<const Instance>(Instance{.nameSpace = u"shop"_s,
                                                     .service = u"orders"_s,
                                                     .key = u"services/shop/orders/"_s + host,
                                                     .host = host,
                                                     .document = document,
                                                     .hasTtl = true,
                                                     .ttl = 10s});
}

Change change(Change::Kind kind, Clock::time_point at, const QString &host = u"a:80"_s)
{
    return {.kind = kind, .live = {.instance = instanceAt(host), .firstSeen = at - 41s}, .at = at};
}

Registration ours(Registration::State state, const QString &host = u"a:80"_s)
{
    return {.id = 7,
            .service = {.name = u"orders"_s, .nameSpace = u"shop"_s},
            .key = u"services/shop/orders/"_s + host,
            .document = R"({"name":"orders","host":"a:80"})",
            .state = state};
}

/// A journal in a folder of its own, and what it has recorded.
struct Fixture
{
    explicit Fixture(qint64 limit = Journal::defaultLimit)
        : journal(folder.path(), cluster, limit)
    {
        QObject::connect(&journal, &Journal::recorded, &journal,
                         [this](const QList<JournalEntry> &entries) { recorded.append(entries); });
    }

    QStringList texts()
    {
        journal.flush();
        QStringList texts;
        for (const JournalEntry &entry : std::as_const(recorded))
            texts.append(kindName(entry.kind) + u": "_s + entry.text());
        recorded.clear();
        return texts;
    }

    QTemporaryDir folder;
    Journal journal;
    QList<JournalEntry> recorded;
};

} // namespace

class TestJournal : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void entriesSayWhatHappened();
    void knowsWhatIsOurs();
    void tellsWhoseLeaveItWas();
    void tellsOfTheCluster();
    void tellsHowOurBeatsFare();
    void tellsOfNodesWhatIsNew();
    void tellsOfFlappingOnce();
    void comesInBatches();
    void livesInAThread();
    void outlivesTheWindow();
    void survivesWhatIsHalfWritten();
    void staysWithinItsLimit();
    void saysOnceThatTheDiskDoesNotTakeIt();
    void letsOneWindowWrite();
    void namesFilesSafely();
    void isCheap();
};

void TestJournal::entriesSayWhatHappened()
{
    Fixture fixture;
    const auto now = Clock::now();
    Change changed = change(Change::Kind::Changed, now);
    changed.before = instanceAt(u"a:80"_s, R"({"weight":10})");
    changed.live.instance = instanceAt(u"a:80"_s, R"({"weight":5})");
    Change unknown = change(Change::Kind::Gone, now);
    unknown.live.older = true;
    fixture.journal.recordChanges(
        {change(Change::Kind::Joined, now), change(Change::Kind::Renewed, now),
         change(Change::Kind::Looked, now), changed, change(Change::Kind::Left, now),
         change(Change::Kind::Expired, now), unknown});
    LiveInstance late = changed.live;
    fixture.journal.recordLate(late, now);
    late.cadence = 5s;
    late.beats = 3;
    fixture.journal.recordLate(late, now);
    fixture.journal.recordEvent({.kind = LiveEvent::Kind::Moved,
                                 .endpoint = u"http://b:2379"_s,
                                 .error = Error{.code = Error::Code::Protocol, .detail = u"so."_s},
                                 .at = now - 10s});
    QCOMPARE(
        fixture.texts().first(8),
        (QStringList{u"joined: a:80 joined, TTL 10 s"_s, u"changed: a:80  weight 10 → 5"_s,
                     u"left: a:80 left after 41 s"_s, u"expired: a:80 expired after 41 s"_s,
                     u"gone: a:80 left or expired"_s, u"late: a:80 missed its beat"_s,
                     u"late: a:80 missed its beat, which comes every 5.0 s"_s,
                     u"watch: moved to b:2379: "_s
                         + Error{.code = Error::Code::Protocol, .detail = u"so."_s}.message()}));

    // Wall time is that of when it happened, not of when we heard of it.
    fixture.journal.recordChanges({change(Change::Kind::Joined, Clock::now() - 1h)});
    fixture.journal.flush();
    const qint64 ago = fixture.recorded.first().time.msecsTo(QDateTime::currentDateTimeUtc());
    QVERIFY2(qAbs(ago - 3'600'000) < 1000, qPrintable(QString::number(ago)));
    QCOMPARE(subjectText(fixture.recorded.first()), u"shop/orders"_s);
}

void TestJournal::knowsWhatIsOurs()
{
    Fixture fixture;
    const auto now = Clock::now();
    using State = Registration::State;
    fixture.journal.recordRegistrations({ours(State::Joining)}); // before the store tells
    fixture.journal.recordChanges(
        {change(Change::Kind::Joined, now), change(Change::Kind::Joined, now, u"b:80"_s)});
    fixture.journal.recordRegistrations({ours(State::Alive)});
    fixture.journal.recordRegistrations({ours(State::Leaving)});
    fixture.journal.recordRegistrations({ours(State::Left)});
    fixture.journal.recordChanges({change(Change::Kind::Left, now + 1s)}); // after
    QCOMPARE(fixture.texts(), (QStringList{u"joined: a:80 joined, TTL 10 s, by this window"_s,
                                           u"joined: b:80 joined, TTL 10 s"_s,
                                           u"left: a:80 left after 41 s, by this window"_s}));
    fixture.journal.recordChanges({change(Change::Kind::Joined, now + 1min)});
    QCOMPARE(fixture.texts(), QStringList{u"joined: a:80 joined, TTL 10 s"_s});
}

/// Somebody else's, which this window deletes, and whose owner puts it back with its next beat.
void TestJournal::tellsWhoseLeaveItWas()
{
    Fixture fixture;
    const auto now = Clock::now();
    const Change left = change(Change::Kind::Left, now + 100ms);
    fixture.journal.expectLeave(left.live.instance->key);
    fixture.journal.recordChanges({left, change(Change::Kind::Joined, now + 4500ms)});
    const QStringList texts = fixture.texts();
    QVERIFY2(texts.first().contains(u"this window left it for its owner"_s),
             qPrintable(texts.first()));
    QVERIFY2(texts.last().contains(u"its owner put it back after 4."_s), qPrintable(texts.last()));
    fixture.journal.recordChanges({left, change(Change::Kind::Joined, now + 9s)}); // not ours
    QVERIFY(!fixture.texts().join(u'|').contains(u"owner"_s));
}

void TestJournal::tellsOfTheCluster()
{
    Fixture fixture;
    const Error error{.code = Error::Code::NoLeader, .endpoint = u"http://a:1"_s};
    for (const LiveEvent::Kind kind : {LiveEvent::Kind::NoLeader, LiveEvent::Kind::Led,
                                       LiveEvent::Kind::HeldBack, LiveEvent::Kind::Replaced})
        fixture.journal.recordEvent({.kind = kind, .error = error, .count = 2, .at = Clock::now()});
    fixture.journal.flush();
    QCOMPARE(fixture.recorded.size(), 4);
    QVERIFY(fixture.recorded.at(0).text().startsWith(u"no leader: nothing expires"_s));
    QVERIFY(fixture.recorded.at(0).isTrouble());
    QVERIFY(fixture.recorded.at(1).text().contains(u"has a leader again"_s));
    QVERIFY(!fixture.recorded.at(1).isTrouble());
    QVERIFY(fixture.recorded.at(2).text().contains(u"a proxy that buffers?"_s));
    QVERIFY(fixture.recorded.at(3).text().contains(u"another cluster"_s));
    for (const JournalEntry &entry : std::as_const(fixture.recorded)) // as the file has it
        QCOMPARE(JournalEntry::fromJson(entry.toJson())->what, entry.what);
}

void TestJournal::tellsHowOurBeatsFare()
{
    Fixture fixture;
    using State = Registration::State;
    using Cause = Registration::Cause;
    Registration each = ours(State::Joining);
    const auto become = [&](State state, Cause cause = Cause::Beat, const QString &why = {}) {
        each.state = state;
        each.cause = cause;
        each.lastError =
            why.isNull()
                ? std::nullopt
                : std::optional(Error{.code = Error::Code::InvalidArgument, .detail = why});
        fixture.journal.recordRegistrations({each});
        return fixture.texts();
    };
    const auto is = [](const QString &text) { return QStringList{u"ours: "_s + text}; };
    QCOMPARE(become(State::Joining, Cause::Asked), QStringList());
    QCOMPARE(become(State::Alive), QStringList());
    QCOMPARE(become(State::Paused, Cause::Asked),
             is(u"the beat of a:80 is paused by this window"_s));
    QCOMPARE(become(State::Late, Cause::Asked),
             is(u"the beat of a:80 is resumed by this window"_s));
    QCOMPARE(become(State::Alive), QStringList());
    QCOMPARE(become(State::Late, Cause::BeatFailed, u"No."_s),
             is(u"a beat of a:80 by this window failed: No."_s));
    QCOMPARE(become(State::Late, Cause::BeatFailed, u"No again."_s), QStringList());
    QCOMPARE(become(State::Alive), is(u"the beats of a:80 by this window come through again"_s));
    QCOMPARE(become(State::Late, Cause::Overdue),
             is(u"no beat of a:80 was sent in time: this machine was asleep, or is too busy"_s));
    QCOMPARE(become(State::Lost, Cause::Expired, u"No."_s),
             is(u"a:80 has expired, as no beat of this window came through: No."_s));
    QCOMPARE(become(State::Rejoining, Cause::Expired), QStringList());
    each.rejoins = 1;
    QCOMPARE(become(State::Alive), is(u"a:80 had gone, and was joined again by this window"_s));
    QCOMPARE(
        become(State::Rejoining, Cause::KeyGone),
        is(u"somebody else deleted or replaced the key of a:80: this window joins it again"_s));
    each.rejoins = 2;
    QCOMPARE(become(State::Alive), is(u"a:80 had gone, and was joined again by this window"_s));
    QCOMPARE(become(State::Rejoining, Cause::LeaseGone),
             is(u"somebody else revoked the lease of a:80: this window joins it again"_s));
    QCOMPARE(become(State::Left, Cause::KeyGone),
             is(u"somebody else deleted or replaced the key of a:80: this window lets it go"_s));
    each.id = 8;
    become(State::Joining, Cause::Asked);
    QCOMPARE(become(State::Failed, Cause::Refused, u"No."_s),
             is(u"a:80 could not be joined by this window: No."_s));
    each.id = 9;
    become(State::Alive);
    become(State::Leaving, Cause::Asked);
    QCOMPARE(become(State::Failed, Cause::Refused, u"No."_s),
             is(u"a:80 could not be left by this window, and expires by itself: No."_s));
    fixture.journal.recordLeftAgain(each);
    QCOMPARE(fixture.texts(),
             is(u"a delayed write had brought a:80 back: this window has left it again"_s));
}

void TestJournal::tellsOfNodesWhatIsNew()
{
    Fixture fixture;
    Node one{.endpoint = QUrl(u"http://10.0.0.1:2379"_s)};
    Node two{.endpoint = QUrl(u"http://10.0.0.2:2379"_s)};
    const auto texts = [&] {
        fixture.journal.recordNode(one);
        fixture.journal.recordNode(two);
        return fixture.texts();
    };
    QCOMPARE(texts(), QStringList());
    one.asked = two.asked = one.reachable = two.reachable = one.leader = true;
    QCOMPARE(texts(), QStringList());
    one.reachable = false;
    one.lastError = Error{.code = Error::Code::InvalidArgument, .detail = u"No."_s};
    two.leader = true;
    QCOMPARE(texts(), (QStringList{u"node: 10.0.0.1:2379 does not answer: No."_s,
                                   u"node: 10.0.0.2:2379 leads the cluster now"_s}));
    QCOMPARE(texts(), QStringList());
    one.reachable = true;
    one.leader = false;
    QCOMPARE(texts(), QStringList{u"node: 10.0.0.1:2379 answers again"_s});
}

void TestJournal::tellsOfFlappingOnce()
{
    Fixture fixture;
    auto now = Clock::now();
    const auto bounce = [&](Clock::duration pause) {
        fixture.journal.recordChanges({change(Change::Kind::Expired, now)});
        now += pause;
        fixture.journal.recordChanges({change(Change::Kind::Joined, now)});
        QStringList texts = fixture.texts();
        texts.removeIf([](const QString &text) { return !text.startsWith(u"flapping"); });
        return texts;
    };
    const QStringList flaps{u"flapping: a:80 joined again 3 times within 10 minutes"_s};
    fixture.journal.recordChanges({change(Change::Kind::Joined, now)}); // not again
    QCOMPARE(bounce(2min), QStringList());
    QCOMPARE(bounce(2min), QStringList());
    QCOMPARE(bounce(2min), flaps);
    QCOMPARE(bounce(2min), QStringList());
    now += 11min;
    QCOMPARE(bounce(1s), QStringList()); // it has been calm
    QCOMPARE(bounce(1s), QStringList());
    QCOMPARE(bounce(1s), flaps);
    now += 20min;
    for (int i = 0; i < 10; ++i) // often, and yet never three times within ten minutes
        QCOMPARE(bounce(6min), QStringList());
}

void TestJournal::comesInBatches()
{
    Fixture fixture;
    QSignalSpy spy(&fixture.journal, &Journal::recorded);
    for (int i = 0; i < 100; ++i)
        fixture.journal.recordChanges({change(Change::Kind::Joined, Clock::now())});
    QCOMPARE(spy.size(), 0);
    QVERIFY(spy.wait(1000));
    QCOMPARE(spy.size(), 1);
    QCOMPARE(fixture.recorded.size(), 100);
}

void TestJournal::livesInAThread()
{
    const QTemporaryDir folder;
    QThread thread;
    auto *journal = new Journal(folder.path(), cluster);
    journal->moveToThread(&thread);
    connect(&thread, &QThread::finished, journal, &QObject::deleteLater);
    QSignalSpy recorded(journal, &Journal::recorded);
    thread.start();
    const QList<Change> changes{change(Change::Kind::Joined, Clock::now())};
    QMetaObject::invokeMethod(journal, [=] { journal->recordChanges(changes); });
    QVERIFY(recorded.wait(5000));
    QMetaObject::invokeMethod(journal, [=] { journal->recordChanges(changes); });
    QMetaObject::invokeMethod(journal, [&thread] { thread.quit(); }); // after that
    QVERIFY(thread.wait(5000));
    QCOMPARE(JournalFile(folder.path(), cluster, 1000).lastLines(9).size(), 2);
}

void TestJournal::outlivesTheWindow()
{
    const QTemporaryDir folder;
    const auto now = Clock::now();
    QList<JournalEntry> loaded;
    const auto load = [&](const QString &name) {
        loaded.clear();
        Journal journal(folder.path() + u"/a/b"_s, name);
        connect(&journal, &Journal::recorded, this,
                [&](const QList<JournalEntry> &entries) { loaded += entries; });
        journal.load();
        for (int i = 0; i < 800; ++i)
            journal.recordChanges({change(Change::Kind::Joined, now, u"h%1:80"_s.arg(i))});
    }; // which writes what waits
    load(cluster);
    QCOMPARE(loaded.size(), 0);
    load(cluster);
    QCOMPARE(loaded.size(), 800);
    QCOMPARE(loaded.last().instance, u"h799:80"_s);
    load(cluster);
    QCOMPARE(loaded.size(), 1000);
    QCOMPARE(loaded.first().instance, u"h600:80"_s);
    load(u"http://other"_s);
    QCOMPARE(loaded.size(), 0);
}

void TestJournal::survivesWhatIsHalfWritten()
{
    Fixture fixture;
    fixture.journal.recordChanges({change(Change::Kind::Joined, Clock::now())});
    fixture.journal.flush();
    const auto rest = [&] {
        QStringList hosts;
        Journal again(fixture.folder.path(), cluster);
        connect(&again, &Journal::recorded, this, [&](const QList<JournalEntry> &entries) {
            for (const JournalEntry &entry : entries)
                hosts += entry.instance;
        });
        again.load();
        return hosts;
    };
    {
        QFile file(fixture.journal.path());
        QVERIFY(file.open(QIODevice::Append));
        file.write("{\"time\":\"2026-01-01T00:00:00.000Z\",\"ki");
    }
    QCOMPARE(rest(), QStringList{u"a:80"_s});

    const QTemporaryDir other;
    QVERIFY(QFile::copy(fixture.journal.path(), other.filePath(JournalFile::nameOf(cluster))));
    Journal next(other.path(), cluster);
    next.recordChanges({change(Change::Kind::Left, Clock::now(), u"b:80"_s)});
    next.flush();
    const auto lines = JournalFile(other.path(), cluster, 1000).lastLines(10);
    QCOMPARE(lines.size(), 3);
    QVERIFY(JournalEntry::fromJson(lines.last())); // not glued to the half one
}

void TestJournal::staysWithinItsLimit()
{
    constexpr qint64 limit = 20'000;
    Fixture fixture(limit);
    for (int i = 0; i < 500; ++i) {
        fixture.journal.recordChanges(
            {change(Change::Kind::Joined, Clock::now(), u"h%1:80"_s.arg(i))});
        if (i >= 200) // those before come at once
            fixture.journal.flush();
        qint64 size = 0;
        for (const QFileInfo &file : QDir(fixture.folder.path()).entryInfoList(QDir::Files)) {
            if (!file.fileName().endsWith(u".lock"))
                size += file.size();
        }
        QVERIFY2(size <= limit, qPrintable(QString::number(size)));
    }
    // What is left is the end, without a gap, over both files.
    const auto lines = JournalFile(fixture.folder.path(), cluster, limit).lastLines(1000);
    QVERIFY2(lines.size() > 40, qPrintable(QString::number(lines.size())));
    for (qsizetype i = 0; i < lines.size(); ++i)
        QCOMPARE(JournalEntry::fromJson(lines[i])->instance,
                 u"h%1:80"_s.arg(500 - lines.size() + i));
    QCOMPARE(JournalFile(fixture.folder.path(), cluster, limit).lastLines(3).size(), 3);
}

void TestJournal::saysOnceThatTheDiskDoesNotTakeIt()
{
    const QTemporaryDir folder;
    QFile blocked(folder.filePath(u"journal"_s)); // a file where the folder should be
    QVERIFY(blocked.open(QIODevice::WriteOnly));
    Journal journal(blocked.fileName(), cluster);
    QList<JournalEntry> recorded;
    connect(&journal, &Journal::recorded, this,
            [&](const QList<JournalEntry> &entries) { recorded += entries; });
    journal.load();
    for (int i = 0; i < 3; ++i) {
        journal.recordChanges({change(Change::Kind::Joined, Clock::now())});
        journal.flush();
    }
    QCOMPARE(recorded.size(), 4);
    QCOMPARE(recorded[1].what, What::NotWritten);
    QVERIFY2(recorded[1].text().contains(blocked.fileName()), qPrintable(recorded[1].text()));

    QVERIFY(blocked.remove()); // it takes them again
    journal.recordChanges({change(Change::Kind::Left, Clock::now())});
    journal.flush();
    QCOMPARE(recorded.size(), 5);
    QCOMPARE(JournalFile(blocked.fileName(), cluster, 1000).lastLines(10).size(), 1);

    if (!QFile::exists(u"/dev/full"_s))
        return;
    const QTemporaryDir full;
    QVERIFY(QFile::link(u"/dev/full"_s, full.filePath(JournalFile::nameOf(cluster))));
    JournalFile file(full.path(), cluster, 1000);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"sequential device"_s));
    QVERIFY(!file.append("a line\n").isEmpty());
}

void TestJournal::letsOneWindowWrite()
{
    const QTemporaryDir folder;
    auto first = std::make_unique<JournalFile>(folder.path(), cluster, 1000);
    JournalFile second(folder.path(), cluster, 1000);
    QCOMPARE(first->append("one\n"), QString());
    QCOMPARE(second.append("two\n"), u"another window writes the journal of this cluster."_s);
    first.reset();
    QCOMPARE(second.append("three\n"), QString());
    QCOMPARE(second.lastLines(9), (QList<QByteArray>{"one", "three"}));
}

void TestJournal::namesFilesSafely()
{
    static const QRegularExpression safe(u"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}\\.jsonl$"_s);
    const QStringList clusters{cluster,
                               u"http://[::1]:4001"_s,
                               u"https://höst/a/b/../c"_s,
                               u"http://"_s + u"h,"_s.repeated(500),
                               u"http://a/shop"_s,
                               u"http://a_shop"_s};
    QSet<QString> names;
    for (const QString &each : clusters) {
        const QString name = JournalFile::nameOf(each);
        QVERIFY2(safe.match(name).hasMatch(), qPrintable(name));
        names.insert(name);
    }
    QCOMPARE(names.size(), clusters.size());
}

/// It shares its thread with what reads the store's events: 50,000 within 3 s are to be nothing.
void TestJournal::isCheap()
{
    constexpr int count = 50'000;
    const QByteArray document = R"({"port":8081,"version":"2.5.0-rc1","weight":10,"zone":"eu-1a",)"
                                R"("name":"orders","hostname":"10.0.3.18",)"
                                R"("host":"10.0.3.18:8081","url":"http://10.0.3.18:8081"})";
    Change changed = change(Change::Kind::Changed, Clock::now());
    changed.before = instanceAt(u"10.0.3.18:8081"_s, document);
    changed.live.instance =
        instanceAt(u"10.0.3.18:8081"_s, QByteArray(document).replace("10,", "5,"));
    Fixture fixture;
    QElapsedTimer timer;
    timer.start();
    for (int i = 0; i < count; i += 1000) {
        fixture.journal.recordChanges(QList<Change>(1000, changed));
        if (i == 0)
            fixture.journal.flush(); // as it happens between
    }
    const qint64 recorded = timer.nsecsElapsed();
    fixture.journal.flush();
    const qint64 all = timer.nsecsElapsed();
    qInfo("%.1f us an entry, %.1f with writing it", double(recorded) / count / 1000,
          double(all) / count / 1000);
    QCOMPARE(fixture.recorded.size(), count);
    QVERIFY(all < 20'000'000'000); // with sanitizers on a busy machine, too
}

QTEST_GUILESS_MAIN(TestJournal)
#include "tst_journal.moc"
