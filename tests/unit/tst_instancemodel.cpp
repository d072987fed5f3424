// SPDX-License-Identifier: MIT
#include "shownrows.h"

#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

QString textAt(const InstanceModel &model, int row, int column)
{
    return model.index(row, column).data().toString();
}

} // namespace

class TestInstanceModel : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void showsAScope_data();
    void showsAScope();
    void showsWhatIsKnown();
    void claimsNothingThatIsNotKnown();
    void sorts_data();
    void sorts();
    void holdsStill();
    void filters();
    void addsFields();
    void fadesAfterAChange();
    void tellsOnlyWhatChanged();
    void gathersManyRanges();
    void mergesWhateverComes();
    void movesAtMostOnceASecond();
};

void TestInstanceModel::showsAScope_data()
{
    QTest::addColumn<Scope>("scope");
    QTest::addColumn<QStringList>("keys");
    QTest::newRow("whole registry")
        << Scope{} << QStringList{u"page/1"_s, u"a/x/1"_s, u"a/x/2"_s, u"a/y/1"_s, u"a/b/x/1"_s};
    QTest::newRow("namespace, not those below it")
        << Scope{u"a"_s, {}} << QStringList{u"a/x/1"_s, u"a/x/2"_s, u"a/y/1"_s};
    QTest::newRow("service") << Scope{u"a"_s, u"x"_s} << QStringList{u"a/x/1"_s, u"a/x/2"_s};
    QTest::newRow("no namespace") << Scope{u""_s, {}} << QStringList{u"page/1"_s};
    QTest::newRow("gone") << Scope{u"z"_s, {}} << QStringList();
}

void TestInstanceModel::showsAScope()
{
    QFETCH(Scope, scope);
    QFETCH(QStringList, keys);
    const Rows rows =
        makeRows({u"page/1"_s, u"a/x/1"_s, u"a/x/2"_s, u"a/y/1"_s, u"a/b/x/1"_s}, start);
    Shown before, after;
    ModelWatch watchBefore(before.model), watchAfter(after.model);
    before.model.setScope(scope);
    before.show(rows);
    after.show(rows);
    after.model.setScope(scope);
    QCOMPARE(keysOf(before.model), keys);
    QCOMPARE(keysOf(after.model), keys);
    QCOMPARE(after.model.scopeCounts().total(), int(keys.size()));
    QCOMPARE(watchBefore.resets + watchAfter.resets, 0);
}

void TestInstanceModel::showsWhatIsKnown()
{
    Shown shown;
    InstanceModel &model = shown.model;
    const Rows rows = makeRows({u"a/x/7"_s}, start);
    shown.show(rows, start + 3s);
    QCOMPARE(textAt(model, 0, InstanceModel::Service), u"a / x"_s);
    QCOMPARE(textAt(model, 0, InstanceModel::Host), u"10.0.0.7"_s);
    QCOMPARE(textAt(model, 0, InstanceModel::Port), u"80"_s);
    QCOMPARE(textAt(model, 0, InstanceModel::Url), u"http://10.0.0.7:80"_s);
    QCOMPARE(textAt(model, 0, InstanceModel::UpFor), u"> 3.0 s"_s); // it was there before us
    QCOMPARE(textAt(model, 0, InstanceModel::LivesOn), u"5.0 s"_s);
    QCOMPARE(textAt(model, 0, InstanceModel::LastBeat), u"5.0 s"_s);
    QCOMPARE(textAt(model, 0, InstanceModel::Store), u"v2"_s);
    QCOMPARE(model.index(0, 0).data(InstanceModel::LifeRole).toDouble(), 0.5);

    const Rows later = continuedRows(
        rows, makeSnapshot({u"a/x/7"_s, u"a/x/8"_s}, start + 4s).instances, start + 4s);
    shown.show(later, start + 65s);
    QCOMPARE(textAt(model, 1, InstanceModel::UpFor), u"1 min"_s); // we saw it come
}

void TestInstanceModel::claimsNothingThatIsNotKnown()
{
    Rows rows = makeRows({u"a/x/1"_s, u"a/x/2"_s}, start);
    // A v3 lease that was not asked for its time
    edit(rows[0], [](Instance &i) { i.expires.reset(); });
    edit(rows[1], [](Instance &i) {
        i.hasTtl = false;
        i.ttl.reset();
        i.expires.reset();
    });
    Shown shown;
    InstanceModel &model = shown.model;
    shown.show(rows, start);
    QCOMPARE(textAt(model, 0, InstanceModel::LivesOn), u"–"_s);
    QCOMPARE(textAt(model, 0, InstanceModel::LastBeat), u"–"_s);
    QVERIFY(!model.index(0, 0).data(InstanceModel::LifeRole).isValid());
    QCOMPARE(textAt(model, 1, InstanceModel::LivesOn), u"never"_s);
    QCOMPARE(textAt(model, 1, InstanceModel::LastBeat), u"–"_s);
}

void TestInstanceModel::sorts_data()
{
    QTest::addColumn<int>("column");
    QTest::addColumn<Qt::SortOrder>("order");
    QTest::addColumn<QStringList>("keys");
    QTest::newRow("host, by number") << int(InstanceModel::Host) << Qt::AscendingOrder
                                     << QStringList{u"a/x/2"_s, u"a/y/9"_s, u"a/x/10"_s};
    QTest::newRow("host, down") << int(InstanceModel::Host) << Qt::DescendingOrder
                                << QStringList{u"a/x/10"_s, u"a/y/9"_s, u"a/x/2"_s};
    QTest::newRow("service, then host") << int(InstanceModel::Service) << Qt::AscendingOrder
                                        << QStringList{u"a/x/2"_s, u"a/x/10"_s, u"a/y/9"_s};
    QTest::newRow("state, worst first") << int(InstanceModel::State) << Qt::DescendingOrder
                                        << QStringList{u"a/x/10"_s, u"a/x/2"_s, u"a/y/9"_s};
    QTest::newRow("lives on") << int(InstanceModel::LivesOn) << Qt::AscendingOrder
                              << QStringList{u"a/y/9"_s, u"a/x/2"_s, u"a/x/10"_s};
}

void TestInstanceModel::sorts()
{
    QFETCH(int, column);
    QFETCH(Qt::SortOrder, order);
    QFETCH(QStringList, keys);
    Rows rows = makeRows({u"a/x/2"_s, u"a/x/10"_s, u"a/y/9"_s}, start);
    rows[0].state = InstanceState::Broken; // "10" sorts before "2" as a key
    edit(rows[2], [](Instance &i) { *i.expires -= 1s; });
    edit(rows[0], [](Instance &i) { i.expires.reset(); });
    Shown shown;
    InstanceModel &model = shown.model;
    ModelWatch watch(model);
    shown.show(rows, start);
    const QPersistentModelIndex nine = model.index(model.find(u"services/a/y/9"_s), 0);
    model.sort(column, order);
    QCOMPARE(keysOf(model), keys);
    QCOMPARE(nine.data(InstanceModel::KeyRole).toString(), u"services/a/y/9"_s);
    QCOMPARE(watch.resets, 0);
}

void TestInstanceModel::holdsStill()
{
    Rows rows = makeRows({u"a/x/1"_s, u"a/x/2"_s}, start);
    Shown shown;
    InstanceModel &model = shown.model;
    model.sort(InstanceModel::LivesOn, Qt::AscendingOrder);
    shown.show(rows, start);
    const QStringList before = keysOf(model);
    model.setHeld(true);
    edit(rows[0], [](Instance &i) { *i.expires += 5s; });
    shown.show(rows, start);
    QCOMPARE(keysOf(model), before);
    rows.append(makeRows({u"b/x/3"_s}, start)); // what comes is shown nonetheless
    shown.show(rows, start);
    QCOMPARE(model.rowCount(), 3);
    model.setHeld(false);
    QCOMPARE(keysOf(model), (QStringList{u"a/x/2"_s, u"b/x/3"_s, u"a/x/1"_s}));
}

void TestInstanceModel::filters()
{
    Rows rows = makeRows({u"a/x/1"_s, u"a/x/2"_s, u"a/y/1"_s}, start);
    rows[1].state = InstanceState::Late;
    Shown shown;
    InstanceModel &model = shown.model;
    ModelWatch watch(model);
    shown.show(rows, start);
    model.setFilter(filterOf(u"zone:z1"_s));
    QCOMPARE(keysOf(model), (QStringList{u"a/x/1"_s, u"a/y/1"_s}));
    model.setStateFilter(InstanceState::Late);
    QCOMPARE(model.rowCount(), 0);
    QCOMPARE(model.scopeCounts().total(), 3);
    model.setFilter({});
    QCOMPARE(keysOf(model), QStringList{u"a/x/2"_s});
    rows[1].state = InstanceState::Alive; // it has recovered
    shown.show(rows, start);
    QCOMPARE(model.rowCount(), 0);
    model.setStateFilter(std::nullopt);
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(watch.resets, 0);
}

void TestInstanceModel::addsFields()
{
    Shown shown;
    InstanceModel &model = shown.model;
    ModelWatch watch(model);
    shown.show(makeRows({u"a/x/1"_s}, start), start);
    model.setFields({u"zone"_s, u"nothing"_s});
    QCOMPARE(model.columnCount(), InstanceModel::FixedColumns + 2);
    QCOMPARE(textAt(model, 0, InstanceModel::FixedColumns), u"z1"_s);
    QCOMPARE(textAt(model, 0, InstanceModel::FixedColumns + 1), QString());
    QCOMPARE(model.headerData(InstanceModel::FixedColumns, Qt::Horizontal, Qt::DisplayRole),
             u"zone"_s);
    model.sort(InstanceModel::FixedColumns, Qt::AscendingOrder);
    model.setFields({});
    QCOMPARE(model.columnCount(), int(InstanceModel::FixedColumns));
    QCOMPARE(watch.resets, 0);
}

void TestInstanceModel::fadesAfterAChange()
{
    const Rows rows = makeRows({u"a/x/1"_s, u"a/x/2"_s}, start);
    Shown shown;
    InstanceModel &model = shown.model;
    shown.show(rows, start);
    const auto freshness = [&](int row) {
        return model.index(row, 0).data(InstanceModel::FreshnessRole).toDouble();
    };
    QCOMPARE(freshness(0), 0.0); // it was there at first

    Snapshot next = makeSnapshot({u"a/x/1"_s, u"a/x/2"_s}, start + 2s);
    next.instances[1].document = "{}";
    next.instances[0].modRevision = 99; // a beat: no change
    const Rows later = continuedRows(rows, next.instances, start + 2s);
    shown.show(later, start + 2s);
    QCOMPARE(freshness(0), 0.0);
    QCOMPARE(freshness(1), 1.0);
    model.setNow(start + 2250ms);
    QCOMPARE(freshness(1), 0.5);
    model.setNow(start + 3s);
    QCOMPARE(freshness(1), 0.0);
}

void TestInstanceModel::tellsOnlyWhatChanged()
{
    Shown shown;
    InstanceModel &model = shown.model;
    QStringList paths;
    for (int i = 1; i <= 8; ++i)
        paths.append(u"a/x/%1"_s.arg(i));
    Rows rows = makeRows(paths, start);
    shown.show(rows);
    QSignalSpy spy(&model, &QAbstractItemModel::dataChanged);
    for (Row &row : rows) // they beat
        edit(row, [](Instance &i) { *i.expires += 5s; });
    shown.show(rows, start + 5s);
    model.setNow(start + 6s);
    QCOMPARE(spy.size(), 0);
    QCOMPARE(textAt(model, 0, InstanceModel::LivesOn), u"7.0 s"_s);

    for (int i : {1, 2, 5})
        rows[i].state = InstanceState::Late;
    shown.show(rows, start + 6s);
    QCOMPARE(spy.size(), 2); // ranges of neighbours
    QCOMPARE(spy[0][0].toModelIndex().row(), 1);
    QCOMPARE(spy[0][1].toModelIndex().row(), 2);
    QCOMPARE(spy[1][0].toModelIndex().row(), 5);
    QCOMPARE(spy[1][1].toModelIndex().row(), 5);
    model.setFilter(filterOf(u"!10.0.0.6"_s));
    rows[5].state = InstanceState::Alive; // not in sight
    spy.clear();
    shown.show(rows, start + 6s);
    QCOMPARE(spy.size(), 0);
}

void TestInstanceModel::gathersManyRanges()
{
    QStringList all, odd;
    for (int i = 0; i < 200; ++i) {
        all.append(u"a/x/%1"_s.arg(i));
        if (i % 2)
            odd.append(all.last());
    }
    Shown shown;
    InstanceModel &model = shown.model;
    shown.show(makeRows(all, start), start);
    ModelWatch watch(model);
    const QPersistentModelIndex seven = model.index(7, InstanceModel::Host);
    shown.show(makeRows(odd, start), start);
    QCOMPARE(keysOf(model), odd);
    QCOMPARE(watch.removals, 1);
    QCOMPARE(seven.data().toString(), u"10.0.0.7"_s);
    shown.show(makeRows(all, start), start);
    QCOMPARE(keysOf(model), all);
    QCOMPARE(watch.insertions, 1);
    QCOMPARE(seven.data().toString(), u"10.0.0.7"_s);
    QCOMPARE(watch.resets, 0);
}

void TestInstanceModel::mergesWhateverComes()
{
    QRandomGenerator random(11);
    Shown shown;
    InstanceModel &model = shown.model;
    ModelWatch watch(model);
    Rows rows;
    Scope scope;
    QString filter;
    std::optional<InstanceState> state;
    const QStringList nameSpaces{u""_s, u"a/"_s, u"b/"_s};
    for (int round = 0; round < 400; ++round) {
        QList<QPersistentModelIndex> held;
        QStringList heldKeys;
        for (int row = 0; row < model.rowCount(); row += 3) {
            held.append(model.index(row, 0));
            heldKeys.append(model.row(row).instance->key);
        }

        switch (random.bounded(6)) {
        case 0:
            scope = random.bounded(2) ? Scope{}
                                      : Scope{u"a"_s, random.bounded(2) ? u"s1"_s : QString()};
            model.setScope(scope);
            break;
        case 1:
            filter = QStringList{u""_s, u"z1"_s, u"!/10.0.0.[12]/"_s}.at(random.bounded(3));
            model.setFilter(filterOf(filter));
            break;
        case 2:
            state = random.bounded(2) ? std::optional(InstanceState::Late) : std::nullopt;
            model.setStateFilter(state);
            break;
        case 3:
            model.sort(random.bounded(int(InstanceModel::FixedColumns)),
                       random.bounded(2) ? Qt::AscendingOrder : Qt::DescendingOrder);
            break;
        default: {
            QSet<QString> paths;
            for (int i = random.bounded(90); i > 0; --i)
                paths.insert(u"%1s%2/%3"_s.arg(nameSpaces.at(random.bounded(3)))
                                 .arg(random.bounded(3))
                                 .arg(random.bounded(40)));
            const auto now = start + std::chrono::seconds(round);
            rows =
                continuedRows(rows, makeSnapshot(paths.values(), now).instances, now, round == 0);
            for (Row &row : rows) {
                row.state = random.bounded(3) ? InstanceState::Alive : InstanceState::Late;
                edit(row, [&](Instance &i) {
                    *i.expires -= std::chrono::milliseconds(random.bounded(5000));
                });
            }
            shown.show(rows, now);
        }
        }

        QStringList expected;
        const InstanceFilter parsed = filterOf(filter);
        for (const Row &row : std::as_const(rows)) {
            if (scope.contains(*row.instance) && (!state || row.state == *state)
                && parsed.matches(row))
                expected.append(row.instance->key.sliced(9));
        }
        QStringList sorted = keysOf(model);
        sorted.sort();
        expected.sort();
        QCOMPARE(sorted, expected);
        model.sort(InstanceModel::Host, Qt::AscendingOrder);
        for (int row = 1; row < model.rowCount(); ++row) {
            QVERIFY(textAt(model, row - 1, InstanceModel::Host).split(u'.').last().toInt()
                    <= textAt(model, row, InstanceModel::Host).split(u'.').last().toInt());
        }
        for (int i = 0; i < held.size(); ++i) {
            if (expected.contains(heldKeys[i].sliced(9)))
                QCOMPARE(held[i].data(InstanceModel::KeyRole).toString(), heldKeys[i]);
            else
                QVERIFY(!held[i].isValid());
        }
    }
    QCOMPARE(watch.resets, 0);
}

void TestInstanceModel::movesAtMostOnceASecond()
{
    Shown shown;
    InstanceModel &model = shown.model;
    model.sort(InstanceModel::LivesOn, Qt::AscendingOrder);
    Rows rows = makeRows({u"a/x/1"_s, u"a/x/2"_s}, start);
    shown.show(rows);
    const QStringList before = keysOf(model);
    edit(rows[0], [](Instance &i) { *i.expires += 5s; });
    shown.show(rows);
    QCOMPARE(keysOf(model), before);
    QTRY_COMPARE(keysOf(model), (QStringList{u"a/x/2"_s, u"a/x/1"_s}));
}

QTEST_GUILESS_MAIN(TestInstanceModel)
#include "tst_instancemodel.moc"
