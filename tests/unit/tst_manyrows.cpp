// SPDX-License-Identifier: MIT
#include "shownrows.h"

#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTest>
#include <QThread>

#include <algorithm>
#include <numeric>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

QString textAt(const InstanceModel &model, int row, int column)
{
    return model.index(row, column).data().toString();
}

/// In three namespaces and three services each; hosts 10.0.0.0 and up.
Rows manyRows(int count)
{
    QStringList paths;
    for (int i = 0; i < count; ++i)
        paths.append(u"n%1/s%2/%3"_s.arg(i % 3).arg(i % 5).arg(i));
    return makeRows(paths, start);
}

/// Some come, some go, some change; few or many.
Rows changedAtRandom(QRandomGenerator &random, const Rows &rows, const Rows &all)
{
    const int often = random.bounded(2) ? 2 : 300; // one in so many
    Rows next;
    auto before = rows.begin();
    for (const Row &row : all) {
        const bool known = before != rows.end() && before->instance->key == row.instance->key;
        const bool changes = random.bounded(often) == 0;
        if (known ? !changes || random.bounded(2) : changes)
            next.append(known ? *before : row);
        if (known)
            ++before;
        if (!next.isEmpty() && random.bounded(often) == 0)
            next.last().state = random.bounded(2) ? InstanceState::Late : InstanceState::Alive;
        if (!next.isEmpty() && random.bounded(often) == 0) {
            edit(next.last(), [&](Instance &i) {
                i.document =
                    QByteArray(R"({"zone":"z)") + QByteArray::number(random.bounded(9)) + "\"}";
            });
        }
    }
    return next;
}

/// Follows a model by what it signals, as a view does.
class Mirror : public QObject
{
public:
    explicit Mirror(InstanceModel &model)
        : m_model(model)
    {
        connect(&model, &QAbstractItemModel::rowsInserted, this,
                [this](const QModelIndex &, int first, int last) {
                    for (int row = first; row <= last; ++row)
                        keys.insert(row, keyAt(row));
                });
        connect(&model, &QAbstractItemModel::rowsRemoved, this,
                [this](const QModelIndex &, int first, int last) {
                    keys.remove(first, last - first + 1);
                });
        connect(&model, &QAbstractItemModel::layoutAboutToBeChanged, this, [this] {
            m_held.clear();
            for (int row = 0; row < m_model.rowCount(); row += 50)
                m_held.append({m_model.index(row, 0), keyAt(row)});
        });
        connect(&model, &QAbstractItemModel::layoutChanged, this,
                [this] { keys = keysOf(m_model); });
    }

    bool areHeldRight() const
    {
        return std::ranges::all_of(m_held, [this](const auto &held) {
            return !held.first.isValid() || keyAt(held.first.row()) == held.second;
        });
    }

    QStringList keys;

private:
    QString keyAt(int row) const { return m_model.row(row).instance->key.sliced(9); }

    InstanceModel &m_model;
    QList<std::pair<QPersistentModelIndex, QString>> m_held;
};

} // namespace

/// The table's model with so many rows that other threads filter and sort them.
class TestManyRows : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void sortsMany();
    void fillsWithoutSorting();
    void newestFilterWins();
    void goesWhileItIsSorted();
    void worksOnManyAsIfTheyWereFew();
};

void TestManyRows::sortsMany()
{
    const Rows rows = manyRows(25000);
    std::vector<int> all(rows.size());
    std::iota(all.begin(), all.end(), 0);
    std::shuffle(all.begin(), all.end(), QRandomGenerator(3));
    for (const RowOrder &order :
         {RowOrder{}, RowOrder{InstanceModel::Host, Qt::DescendingOrder},
          RowOrder{InstanceModel::FixedColumns, Qt::AscendingOrder, u"zone"_s}}) {
        const std::vector<int> sorted = order.sorted(rows, all);
        QCOMPARE(sorted.size(), all.size());
        QVERIFY(
            std::ranges::is_sorted(sorted, [&](int a, int b) { return order.less(rows, a, b); }));
    }
    std::stop_source stop;
    stop.request_stop();
    QCOMPARE(RowOrder().sorted(rows, all, stop.get_token()).size(), all.size());
}

void TestManyRows::fillsWithoutSorting()
{
    Shown shown;
    QSignalSpy arranged(&shown.model, &InstanceModel::arranged);
    shown.show(manyRows(3000));
    QCOMPARE(shown.model.rowCount(), 3000); // at once, in any order
    QVERIFY(shown.model.isWorking());
    QTRY_VERIFY(!shown.model.isWorking());
    QCOMPARE(textAt(shown.model, 0, InstanceModel::Host), u"10.0.0.0"_s);
    QCOMPARE(textAt(shown.model, 1, InstanceModel::Host), u"10.0.0.15"_s);
    QCOMPARE(arranged.size(), 2);
}

void TestManyRows::newestFilterWins()
{
    Shown shown;
    InstanceModel &model = shown.model;
    const Rows rows = manyRows(4000);
    shown.show(rows);
    QTRY_VERIFY(!model.isWorking());
    model.setFilter(filterOf(u"zone:z1"_s));
    model.setFilter(filterOf(u"zone:z12"_s));
    QCOMPARE(model.rowCount(), 4000); // until it is known
    shown.show(rows.mid(2000));       // while it is worked on
    QTRY_VERIFY(!model.isWorking());
    const InstanceFilter wanted = filterOf(u"zone:z12"_s);
    QCOMPARE(model.rowCount(), int(std::ranges::count_if(shown.rows, [&](const Row &row) {
                 return wanted.matches(row);
             })));
    model.setFilter(filterOf(u"zone:z1"_s));
    model.setFilter({});
    QVERIFY(!model.isWorking());
    QCOMPARE(model.rowCount(), 2000);
    QTest::qWait(20);
    QCOMPARE(model.rowCount(), 2000);
}

void TestManyRows::goesWhileItIsSorted()
{
    auto shown = std::make_unique<Shown>();
    shown->show(manyRows(3000));
    QThread::msleep(200); // by then it is sorted, as nobody has heard yet
    QVERIFY(shown->model.isWorking());
    shown.reset();
    Shown busy;
    busy.show(manyRows(25000));
    QVERIFY(busy.model.isWorking());
}

/// Random updates, filters, scopes and orders, while most of the work is under way; whenever it is
/// done, the model must show what a simple list would.
void TestManyRows::worksOnManyAsIfTheyWereFew()
{
    QRandomGenerator random(5);
    const Rows all = manyRows(6000);
    Shown shown;
    InstanceModel &model = shown.model;
    int resets = 0;
    connect(&model, &QAbstractItemModel::modelReset, this, [&] { ++resets; });
    Mirror mirror(model);
    Scope scope;
    QString filter;
    std::optional<InstanceState> state;
    RowOrder order;
    for (int round = 0; round < 100; ++round) {
        switch (random.bounded(7)) {
        case 0:
            scope = QList<Scope>{{}, {u"n1"_s, {}}, {u"n1"_s, u"s2"_s}}.at(random.bounded(3));
            model.setScope(scope);
            break;
        case 1:
            filter = QStringList{u""_s, u"z1"_s, u"zone:z3"_s, u"/9:80/"_s, u"!s2"_s}.at(
                random.bounded(5));
            model.setFilter(filterOf(filter));
            break;
        case 2:
            state = random.bounded(2) ? std::optional(InstanceState::Late) : std::nullopt;
            model.setStateFilter(state);
            break;
        case 3:
            order = {.column = int(random.bounded(int(InstanceModel::FixedColumns))),
                     .order = random.bounded(2) ? Qt::AscendingOrder : Qt::DescendingOrder};
            model.sort(order.column, order.order);
            break;
        case 4:
            model.setHeld(random.bounded(2));
            break;
        default:
            shown.show(changedAtRandom(random, shown.rows, all), start);
        }
        if (random.bounded(3) == 0)
            QCoreApplication::processEvents();
        if (round % 10 != 9)
            continue;

        QTRY_VERIFY(!model.isWorking());
        // Anew, whatever it was: what has changed since would be sorted in up to a second.
        model.sort(order.column == InstanceModel::Host ? int(InstanceModel::Port)
                                                       : int(InstanceModel::Host),
                   Qt::AscendingOrder);
        model.sort(order.column, order.order);
        QTRY_VERIFY(!model.isWorking());
        const InstanceFilter parsed = filterOf(filter);
        std::vector<int> expected;
        for (int i = 0; i < shown.rows.size(); ++i) {
            const Row &row = std::as_const(shown.rows)[i];
            if (scope.contains(*row.instance) && (!state || row.state == *state)
                && parsed.matches(row))
                expected.push_back(i);
        }
        expected = order.sorted(shown.rows, expected);
        QStringList keys;
        for (int i : expected)
            keys.append(shown.rows[i].instance->key.sliced(9));
        QCOMPARE(keysOf(model), keys);
        QCOMPARE(mirror.keys, keys);
        QVERIFY(mirror.areHeldRight());
    }
    QCOMPARE(resets, 0);
}

QTEST_GUILESS_MAIN(TestManyRows)
#include "tst_manyrows.moc"
