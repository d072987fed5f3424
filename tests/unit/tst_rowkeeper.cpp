// SPDX-License-Identifier: MIT
#include "rowkeeper.h"
#include "snapshot.h"

#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTest>

#include <map>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

using Clock = Instance::Clock;
using Kind = Change::Kind;

LiveInstance live(const QString &service, int id, const QByteArray &document = "{}",
                  std::chrono::milliseconds left = 8s)
{
    Instance instance;
    instance.nameSpace = u"a"_s;
    instance.service = service;
    instance.key = u"services/a/%1/%2"_s.arg(service).arg(id, 3, 10, '0'_L1);
    instance.document = document;
    instance.hasTtl = true;
    instance.ttl = 10s;
    instance.expires = Clock::now() + left;
    instance.observed = Clock::now();
    return continued({}, instance, Clock::now());
}

Change change(Kind kind, const LiveInstance &now, const InstancePtr &before = {})
{
    return {.kind = kind, .live = now, .before = before, .at = Clock::now()};
}

QStringList keys(const Rows &rows)
{
    QStringList keys;
    for (const Row &row : rows)
        keys.append(row.instance->key.sliced(11));
    return keys;
}

} // namespace

class TestRowKeeper : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void gathersChanges();
    void waitsUntilTheyAreTaken();
    void countsWhilePaused();
    void movesWhatChangesItsName();
    void renewalsAreNoChanges();
    void comesToBeLateByTimeAlone();
    void knowsOurs();
    void followsRandomChanges();
};

void TestRowKeeper::gathersChanges()
{
    RowKeeper keeper;
    QList<RowsUpdatePtr> updates;
    connect(&keeper, &RowKeeper::updated, this,
            [&](const RowsUpdatePtr &update) { updates.append(update); });
    const LiveInstance one = live(u"x"_s, 1), two = live(u"x"_s, 2), three = live(u"y"_s, 3);
    keeper.begin({one, two});
    keeper.taken();
    QCOMPARE(updates.size(), 1);
    QCOMPARE(updates[0]->added, (std::vector<int>{0, 1}));
    QCOMPARE(updates[0]->counts.total(), 2);

    keeper.apply({change(Kind::Joined, three)});
    LiveInstance other = live(u"x"_s, 2, R"({"a":1})");
    keeper.apply({change(Kind::Changed, other, two.instance), change(Kind::Left, one)});
    QTRY_COMPARE(updates.size(), 2); // one, for all of them
    QCOMPARE(keys(updates[1]->rows), (QStringList{u"x/002"_s, u"y/003"_s}));
    QCOMPARE(updates[1]->newIndexes, (std::vector<int>{-1, 0}));
    QCOMPARE(updates[1]->added, std::vector<int>{1});
    QCOMPARE(updates[1]->changed, std::vector<int>{0});
    QCOMPARE(updates[1]->services.size(), 2);
    QCOMPARE(updates[1]->services[1].service, u"y"_s);
}

void TestRowKeeper::waitsUntilTheyAreTaken()
{
    RowKeeper keeper;
    QSignalSpy updated(&keeper, &RowKeeper::updated);
    keeper.begin({});
    for (int i = 0; i < 5; ++i) {
        keeper.apply({change(Kind::Joined, live(u"x"_s, i))});
        QTest::qWait(50);
    }
    QCOMPARE(updated.size(), 1); // who shows them is busy with the first
    keeper.taken();
    QTRY_COMPARE(updated.size(), 2);
    QCOMPARE(updated[1][0].value<RowsUpdatePtr>()->rows.size(), 5);
}

void TestRowKeeper::countsWhilePaused()
{
    RowKeeper keeper;
    QSignalSpy updated(&keeper, &RowKeeper::updated);
    QSignalSpy waiting(&keeper, &RowKeeper::waiting);
    const LiveInstance one = live(u"x"_s, 1), two = live(u"x"_s, 2);
    keeper.begin({one, two});
    keeper.taken();
    keeper.setPaused(true);
    keeper.apply({change(Kind::Left, one), change(Kind::Renewed, two),
                  change(Kind::Joined, live(u"x"_s, 3))});
    QTRY_VERIFY(!waiting.isEmpty());
    QCOMPARE(waiting.last()[0].toInt(), 2); // a beat is no change
    QCOMPARE(updated.size(), 1);
    keeper.setPaused(false);
    QTRY_COMPARE(updated.size(), 2);
    QCOMPARE(keys(updated[1][0].value<RowsUpdatePtr>()->rows),
             (QStringList{u"x/002"_s, u"x/003"_s}));
}

/// The same key under another name is another service's.
void TestRowKeeper::movesWhatChangesItsName()
{
    RowKeeper keeper;
    QSignalSpy updated(&keeper, &RowKeeper::updated);
    const LiveInstance one = live(u"a-b"_s, 1), two = live(u"x"_s, 2);
    keeper.begin({one, two});
    keeper.taken();
    Instance renamed = *one.instance;
    renamed.service = u"z z"_s;
    renamed.document = R"({"name":"z z"})";
    keeper.apply({change(Kind::Changed, continued(one, renamed, Clock::now()), one.instance)});
    QTRY_COMPARE(updated.size(), 2);
    const auto update = updated[1][0].value<RowsUpdatePtr>();
    QCOMPARE(update->rows.size(), 2);
    QCOMPARE(update->rows[1].instance->service, u"z z"_s);
    QVERIFY(std::ranges::is_sorted(update->rows, [](const Row &a, const Row &b) {
        return instanceLess(*a.instance, *b.instance);
    }));
}

void TestRowKeeper::renewalsAreNoChanges()
{
    RowKeeper keeper;
    QSignalSpy updated(&keeper, &RowKeeper::updated);
    const LiveInstance one = live(u"x"_s, 1);
    keeper.begin({one});
    keeper.taken();
    Instance renewed = *one.instance;
    renewed.modRevision += 1;
    *renewed.expires += 5s;
    const LiveInstance beaten = continued(one, renewed, Clock::now());
    keeper.apply({change(Kind::Renewed, beaten, one.instance)});
    QTRY_COMPARE(updated.size(), 2);
    const auto update = updated[1][0].value<RowsUpdatePtr>();
    QVERIFY(update->changed.empty() && update->added.empty());
    QCOMPARE(update->rows[0].beats, 1);
    QCOMPARE(update->rows[0].cadence, 5000ms);
    QCOMPARE(*update->rows[0].instance->expires, *renewed.expires);
}

void TestRowKeeper::comesToBeLateByTimeAlone()
{
    RowKeeper keeper;
    QSignalSpy updated(&keeper, &RowKeeper::updated);
    QSignalSpy late(&keeper, &RowKeeper::late);
    keeper.begin({live(u"x"_s, 1, "{}", 3s)}); // due 250 ms ago, as nobody knew
    keeper.taken();
    QCOMPARE(updated[0][0].value<RowsUpdatePtr>()->rows[0].state, InstanceState::Late);

    const LiveInstance one = live(u"x"_s, 2, "{}", 3500ms); // due in 250 ms
    keeper.apply({change(Kind::Joined, one)});
    QTRY_COMPARE(updated.size(), 2);
    keeper.taken();
    QCOMPARE(updated[1][0].value<RowsUpdatePtr>()->rows[1].state, InstanceState::Alive);
    QTest::qWait(600);
    QCOMPARE(updated.size(), 2); // nobody has looked since
    keeper.setLooked(Clock::now());
    QTRY_COMPARE(updated.size(), 3);
    QCOMPARE(updated[2][0].value<RowsUpdatePtr>()->counts[InstanceState::Late], 2);
    QCOMPARE(updated[2][0].value<RowsUpdatePtr>()->changed, std::vector<int>{1});
    QCOMPARE(late.size(), 1);
}

void TestRowKeeper::knowsOurs()
{
    RowKeeper keeper;
    QSignalSpy updated(&keeper, &RowKeeper::updated);
    const LiveInstance one = live(u"x"_s, 1), two = live(u"x"_s, 2);
    keeper.begin({one, two});
    keeper.taken();
    keeper.setOurs({one.instance->key, two.instance->key}, {two.instance->key});
    QTRY_COMPARE(updated.size(), 2);
    const auto update = updated[1][0].value<RowsUpdatePtr>();
    QVERIFY(update->rows[0].ours && update->rows[1].ours);
    QCOMPARE(update->rows[1].state, InstanceState::Paused);
    QCOMPARE(update->changed, (std::vector<int>{0, 1}));
}

/// Whatever comes, the updates lead from one state to the next.
void TestRowKeeper::followsRandomChanges()
{
    QRandomGenerator random(7);
    RowKeeper keeper;
    Rows shown;
    connect(&keeper, &RowKeeper::updated, this, [&](const RowsUpdatePtr &update) {
        const RowsUpdate expected = updateOf(shown, update->rows);
        QCOMPARE(update->newIndexes, expected.newIndexes);
        QCOMPARE(update->added, expected.added);
        QCOMPARE(update->counts.total(), int(update->rows.size()));
        shown = update->rows;
        QTimer::singleShot(int(random.bounded(30)), &keeper, &RowKeeper::taken);
    });
    std::map<int, LiveInstance> truth;
    keeper.begin({});
    for (int round = 0; round < 400; ++round) {
        QList<Change> changes;
        for (int i = int(random.bounded(5)); i >= 0; --i) {
            const int id = int(random.bounded(40));
            const QString service = u"s%1"_s.arg(id % 4);
            const auto known = truth.find(id);
            if (known == truth.end()) {
                changes.append(change(Kind::Joined, truth[id] = live(service, id)));
            } else if (random.bounded(2)) {
                changes.append(change(Kind::Left, known->second));
                truth.erase(known);
            } else {
                const InstancePtr before = known->second.instance;
                Instance with = *before;
                with.document = QByteArray::number(round);
                known->second = continued(known->second, with, Clock::now());
                changes.append(change(Kind::Changed, known->second, before));
            }
        }
        keeper.apply(changes);
        if (round % 20 == 0)
            QTest::qWait(20);
    }
    QTRY_VERIFY(shown.size() == qsizetype(truth.size())
                && std::ranges::all_of(truth, [&](const auto &one) {
                       return std::ranges::any_of(shown, [&](const Row &row) {
                           return row.instance == one.second.instance;
                       });
                   }));
}

QTEST_GUILESS_MAIN(TestRowKeeper)
#include "tst_rowkeeper.moc"
