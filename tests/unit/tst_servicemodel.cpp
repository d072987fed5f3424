// SPDX-License-Identifier: MIT
#include "modelfixture.h"
#include "servicemodel.h"

#include <QPersistentModelIndex>
#include <QRandomGenerator>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace {

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
    void mergesWhateverComes();
};

void TestServiceModel::showsTheTree()
{
    ServiceModel model;
    ModelWatch watch(model);
    model.setRows(makeRows({u"page/1"_s, u"shop/orders/1"_s, u"shop/orders/2"_s, u"shop/cart/1"_s,
                            u"shop/eu/cart/1"_s}));
    QCOMPARE(treeOf(model), (QStringList{u"shop 3: cart 1, orders 2"_s, u"shop/eu 1: cart 1"_s,
                                         u"(no namespace) 1: page 1"_s}));
    model.setRows({});
    QCOMPARE(model.rowCount(), 0);
    QCOMPARE(watch.resets, 0);
}

void TestServiceModel::keepsWhatHangsOnItsIndexes()
{
    ServiceModel model;
    ModelWatch watch(model);
    model.setRows(makeRows({u"b/y/1"_s, u"d/z/1"_s, u"page/1"_s}));
    const QPersistentModelIndex y = model.find(u"b"_s, u"y"_s);
    const QPersistentModelIndex d = model.find(u"d"_s);
    const QPersistentModelIndex none = model.find(u""_s);
    model.setRows(makeRows({u"a/x/1"_s, u"b/x/1"_s, u"b/y/1"_s, u"c/x/1"_s, u"page/1"_s}));
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
    model.setRows(rows);
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
    model.setRows(makeRows(paths));
    ModelWatch watch(model);
    model.setRows(makeRows(paths));
    QCOMPARE(watch.changes + watch.insertions + watch.removals, 0);
    model.setRows(makeRows({u"a/x/1"_s, u"b/y/1"_s, u"b/y/2"_s}));
    QCOMPARE(watch.changes, 2); // y, and b
    QCOMPARE(watch.insertions + watch.removals, 0);
}

void TestServiceModel::findsItsRows()
{
    ServiceModel model;
    model.setRows(makeRows({u"a/x/1"_s}));
    QCOMPARE(model.find(u"a"_s, u"x"_s).data(ServiceModel::NameSpaceRole).toString(), u"a"_s);
    QVERIFY(model.find(u"a"_s).data(ServiceModel::ServiceRole).toString().isNull());
    QVERIFY(!model.find(u"a"_s, u"y"_s).isValid());
    QVERIFY(!model.find(u"b"_s).isValid());
}

void TestServiceModel::mergesWhateverComes()
{
    QRandomGenerator random(7);
    ServiceModel model;
    ModelWatch watch(model);
    for (int round = 0; round < 300; ++round) {
        QStringList paths;
        for (int i = random.bounded(25); i > 0; --i) {
            const QString nameSpace =
                QStringList{u""_s, u"a/"_s, u"a/b/"_s, u"c/"_s}.at(random.bounded(4));
            paths.append(u"%1s%2/%3"_s.arg(nameSpace).arg(random.bounded(5)).arg(i));
        }
        const Rows rows = makeRows(paths);
        ServiceModel fresh;
        fresh.setRows(rows);
        model.setRows(rows);
        QCOMPARE(treeOf(model), treeOf(fresh));
    }
    QCOMPARE(watch.resets, 0);
}

QTEST_GUILESS_MAIN(TestServiceModel)
#include "tst_servicemodel.moc"
