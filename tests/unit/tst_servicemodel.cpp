// SPDX-License-Identifier: MIT
#include "modelfixture.h"
#include "servicemodel.h"

#include <QPersistentModelIndex>
#include <QRandomGenerator>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace {

QList<ServiceCounts> servicesOf(const Rows &rows)
{
    return updateOf({}, rows).services;
}

/// The whole tree as text: "shop 3: cart 1, orders 2".
QStringList treeOf(const ServiceModel &model)
{
    const auto count = [](const QModelIndex &index) {
        return index.data(ServiceModel::CountsRole).value<StateCounts>().total();
    };
    QStringList lines;
    for (int row = 0; row < model.rowCount(); ++row) {
        const QModelIndex nameSpace = model.index(row, 0);
        QStringList services;
        for (int i = 0; i < model.rowCount(nameSpace); ++i) {
            const QModelIndex service = model.index(i, 0, nameSpace);
            services.append(u"%1 %2"_s.arg(service.data().toString()).arg(count(service)));
        }
        lines.append(u"%1 %2: %3"_s.arg(nameSpace.data().toString())
                         .arg(count(nameSpace))
                         .arg(services.join(u", "_s)));
    }
    return lines;
}

} // namespace

class TestServiceModel : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void showsTheTree();
    void keepsWhatHangsOnItsIndexes();
    void countsStates();
    void tellsOnlyWhatChanged();
    void findsItsRows();
    void putsTheWorstFirst();
    void holdsStill();
    void mergesWhateverComes_data();
    void mergesWhateverComes();
};

void TestServiceModel::showsTheTree()
{
    ServiceModel model;
    ModelWatch watch(model);
    model.setServices(servicesOf(makeRows({u"page/1"_s, u"shop/orders/1"_s, u"shop/orders/2"_s,
                                           u"shop/cart/1"_s, u"shop/eu/cart/1"_s})));
    QCOMPARE(treeOf(model), (QStringList{u"shop 3: cart 1, orders 2"_s, u"shop/eu 1: cart 1"_s,
                                         u"(no namespace) 1: page 1"_s}));
    model.setServices(servicesOf({}));
    QCOMPARE(model.rowCount(), 0);
    QCOMPARE(watch.resets, 0);
}

void TestServiceModel::keepsWhatHangsOnItsIndexes()
{
    ServiceModel model;
    ModelWatch watch(model);
    model.setServices(servicesOf(makeRows({u"b/y/1"_s, u"d/z/1"_s, u"page/1"_s})));
    const QPersistentModelIndex y = model.find(u"b"_s, u"y"_s);
    const QPersistentModelIndex d = model.find(u"d"_s);
    const QPersistentModelIndex none = model.find(u""_s);
    model.setServices(
        servicesOf(makeRows({u"a/x/1"_s, u"b/x/1"_s, u"b/y/1"_s, u"c/x/1"_s, u"page/1"_s})));
    QCOMPARE(y.data().toString(), u"y"_s);
    QCOMPARE(y.row(), 1);
    QCOMPARE(y.parent().row(), 1);
    QVERIFY(!d.isValid());
    QCOMPARE(none.row(), 3);
    QCOMPARE(watch.resets, 0);
}

void TestServiceModel::countsStates()
{
    Rows rows = makeRows({u"shop/orders/1"_s, u"shop/orders/2"_s, u"shop/cart/1"_s});
    rows[0].state = InstanceState::Late; // of cart: it sorts first
    rows[2].state = InstanceState::Broken;
    ServiceModel model;
    model.setServices(servicesOf(rows));
    const auto counts = [&](const QModelIndex &index) {
        return index.data(ServiceModel::CountsRole).value<StateCounts>();
    };
    const StateCounts shop = counts(model.find(u"shop"_s));
    QCOMPARE(shop[InstanceState::Late], 1);
    QCOMPARE(shop[InstanceState::Broken], 1);
    QCOMPARE(shop[InstanceState::Alive], 1);
    QCOMPARE(counts(model.find(u"shop"_s, u"orders"_s))[InstanceState::Late], 0);
    QCOMPARE(counts(model.find(u"shop"_s, u"orders"_s))[InstanceState::Broken], 1);
}

void TestServiceModel::tellsOnlyWhatChanged()
{
    const QStringList paths{u"a/x/1"_s, u"b/y/1"_s};
    ServiceModel model;
    model.setServices(servicesOf(makeRows(paths)));
    ModelWatch watch(model);
    model.setServices(servicesOf(makeRows(paths)));
    QCOMPARE(watch.changes + watch.insertions + watch.removals, 0);
    model.setServices(servicesOf(makeRows({u"a/x/1"_s, u"b/y/1"_s, u"b/y/2"_s})));
    QCOMPARE(watch.changes, 2); // y, and b
    QCOMPARE(watch.insertions + watch.removals, 0);
}

void TestServiceModel::findsItsRows()
{
    ServiceModel model;
    model.setServices(servicesOf(makeRows({u"a/x/1"_s})));
    QCOMPARE(model.find(u"a"_s, u"x"_s).data(ServiceModel::NameSpaceRole).toString(), u"a"_s);
    QVERIFY(model.find(u"a"_s).data(ServiceModel::ServiceRole).toString().isNull());
    QVERIFY(!model.find(u"a"_s, u"y"_s).isValid());
    QVERIFY(!model.find(u"b"_s).isValid());
}

void TestServiceModel::putsTheWorstFirst()
{
    Rows rows = makeRows({u"a/x/1"_s, u"a/y/1"_s, u"b/x/1"_s, u"b/x/2"_s, u"page/1"_s});
    ServiceModel model;
    ModelWatch watch(model);
    model.setServices(servicesOf(rows));
    const QPersistentModelIndex b = model.find(u"b"_s), y = model.find(u"a"_s, u"y"_s);
    const QPersistentModelIndex page = model.find(u""_s, u"page"_s);
    const auto stateOfY = [&](InstanceState state) {
        rows[2].state = state; // those without a namespace come first there
        return servicesOf(rows);
    };

    model.setWorstFirst(true);
    rows[3].state = InstanceState::Late;
    model.setServices(stateOfY(InstanceState::Alive));
    QCOMPARE(treeOf(model),
             (QStringList{u"b 2: x 2"_s, u"a 2: x 1, y 1"_s, u"(no namespace) 1: page 1"_s}));
    model.setServices(stateOfY(InstanceState::Broken)); // worse than any number that is late
    rows[4].state = InstanceState::Late;
    model.setServices(stateOfY(InstanceState::Broken));
    QCOMPARE(treeOf(model),
             (QStringList{u"a 2: y 1, x 1"_s, u"b 2: x 2"_s, u"(no namespace) 1: page 1"_s}));
    QCOMPARE(b.row(), 1);
    QCOMPARE(y.row(), 0);
    QCOMPARE(y.data().toString(), u"y"_s);
    QCOMPARE(y.parent().data().toString(), u"a"_s);
    QCOMPARE(page.parent().row(), 2);
    model.setServices(stateOfY(InstanceState::Late)); // two are more than one
    QCOMPARE(b.row(), 0);

    model.setWorstFirst(false);
    model.setServices(servicesOf(rows));
    QCOMPARE(treeOf(model),
             (QStringList{u"a 2: x 1, y 1"_s, u"b 2: x 2"_s, u"(no namespace) 1: page 1"_s}));
    QCOMPARE(b.row(), 1);
    QCOMPARE(y.row(), 1);
    QCOMPARE(watch.resets, 0);
    QCOMPARE(watch.insertions, 1); // that of the beginning
    QCOMPARE(watch.removals, 0);
}

void TestServiceModel::holdsStill()
{
    Rows rows = makeRows({u"a/x/1"_s, u"b/x/1"_s});
    ServiceModel model;
    ModelWatch watch(model);
    model.setWorstFirst(true);
    rows[1].state = InstanceState::Late;
    model.setServices(servicesOf(rows));
    QCOMPARE(treeOf(model), (QStringList{u"b 1: x 1"_s, u"a 1: x 1"_s}));
    rows[0].state = InstanceState::Broken;
    rows += makeRows({u"c/x/1"_s});
    rows[2].state = InstanceState::Broken;
    model.setServices(servicesOf(rows), true);
    QCOMPARE(treeOf(model), (QStringList{u"c 1: x 1"_s, u"b 1: x 1"_s, u"a 1: x 1"_s}));
    QCOMPARE(model.find(u"a"_s).data(ServiceModel::CountsRole).value<StateCounts>(),
             servicesOf(rows)[0].counts);
    model.setServices(servicesOf(rows));
    QCOMPARE(treeOf(model), (QStringList{u"a 1: x 1"_s, u"c 1: x 1"_s, u"b 1: x 1"_s}));
}

void TestServiceModel::mergesWhateverComes_data()
{
    QTest::addColumn<bool>("worstFirst");
    QTest::newRow("by name") << false;
    QTest::newRow("worst first") << true;
}

void TestServiceModel::mergesWhateverComes()
{
    QFETCH(bool, worstFirst);
    QRandomGenerator random(7);
    ServiceModel model;
    model.setWorstFirst(worstFirst);
    ModelWatch watch(model);
    for (int round = 0; round < 300; ++round) {
        QStringList paths;
        for (int i = random.bounded(25); i > 0; --i) {
            const QString nameSpace =
                QStringList{u""_s, u"a/"_s, u"a/b/"_s, u"c/"_s}.at(random.bounded(4));
            paths.append(u"%1s%2/%3"_s.arg(nameSpace).arg(random.bounded(5)).arg(i));
        }
        Rows rows = makeRows(paths);
        for (Row &row : rows)
            row.state = InstanceState(random.bounded(6));
        if (worstFirst && round % 3 == 0) {
            model.setServices(servicesOf(rows), true);
            continue;
        }
        QHash<QString, QPersistentModelIndex> held;
        for (int row = 0; row < model.rowCount(); ++row) {
            const QModelIndex parent = model.index(row, 0);
            held.insert(parent.data().toString(), parent);
            for (int i = 0; i < model.rowCount(parent); ++i) {
                const QModelIndex child = model.index(i, 0, parent);
                held.insert(parent.data().toString() + u'|' + child.data().toString(), child);
            }
        }
        ServiceModel fresh;
        fresh.setWorstFirst(worstFirst);
        fresh.setServices(servicesOf(rows));
        model.setServices(servicesOf(rows));
        QCOMPARE(treeOf(model), treeOf(fresh));
        for (auto it = held.begin(); it != held.end(); ++it) {
            if (!it->isValid())
                continue;
            const QString parent = it->parent().data().toString();
            QCOMPARE(parent.isEmpty() ? it->data().toString()
                                      : parent + u'|' + it->data().toString(),
                     it.key());
        }
    }
    QCOMPARE(watch.resets, 0);
}

QTEST_GUILESS_MAIN(TestServiceModel)
#include "tst_servicemodel.moc"
