// SPDX-License-Identifier: MIT
#include "journalmodel.h"

#include <QAbstractItemModelTester>
#include <QPersistentModelIndex>
#include <QSignalSpy>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using Kind = JournalEntry::Kind;

namespace {

JournalEntry entry(int number, Kind kind = Kind::Joined, const QString &service = u"orders"_s)
{
    return {.time = QDateTime::fromMSecsSinceEpoch(1'790'000'000'000 + number * 100).toUTC(),
            .kind = kind,
            .nameSpace = u"shop"_s,
            .service = service,
            .key = u"services/shop/orders/%1"_s.arg(number),
            .instance = u"h%1:80"_s.arg(number)};
}

QList<JournalEntry> entries(int first, int count)
{
    QList<JournalEntry> list;
    for (int i = first; i < first + count; ++i)
        list.append(entry(i));
    return list;
}

QStringList shown(const JournalModel &model)
{
    QStringList instances;
    for (int row = 0; row < model.rowCount(); ++row)
        instances.append(model.entry(row).instance.chopped(3));
    return instances;
}

} // namespace

class TestJournalModel : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void newestFirst();
    void isBounded();
    void filters_data();
    void filters();
    void keepsWhatHangsOnItsIndexes();
    void showsWhatIsThere();
    void isCheap();
};

void TestJournalModel::newestFirst()
{
    JournalModel model;
    const QAbstractItemModelTester tester(&model);
    QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
    model.append(entries(0, 2));
    model.append(entries(2, 3));
    model.append({});
    QCOMPARE(shown(model), (QStringList{u"h4"_s, u"h3"_s, u"h2"_s, u"h1"_s, u"h0"_s}));
    QCOMPARE(inserted.size(), 2);
    QCOMPARE(model.shown().first().instance, u"h0:80"_s);
}

void TestJournalModel::isBounded()
{
    JournalModel model(4);
    const QAbstractItemModelTester tester(&model);
    QSignalSpy resets(&model, &QAbstractItemModel::modelReset);
    model.append(entries(0, 3));
    model.append(entries(3, 3));
    QCOMPARE(shown(model), (QStringList{u"h5"_s, u"h4"_s, u"h3"_s, u"h2"_s}));
    model.append(entries(6, 10)); // more than it takes
    QCOMPARE(shown(model), (QStringList{u"h15"_s, u"h14"_s, u"h13"_s, u"h12"_s}));
    QCOMPARE(model.size(), 4);

    model.setFilter(JournalFilter(u"h13"_s));
    QCOMPARE(shown(model), QStringList{u"h13"_s});
    model.append(entries(16, 1));
    QCOMPARE(shown(model), QStringList{u"h13"_s});
    model.append(entries(17, 1));
    QCOMPARE(model.rowCount(), 0);
    model.setFilter({});
    QCOMPARE(shown(model), (QStringList{u"h17"_s, u"h16"_s, u"h15"_s, u"h14"_s}));
    QCOMPARE(resets.size(), 0);
}

void TestJournalModel::filters_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<quint32>("kinds");
    QTest::addColumn<QStringList>("expected");
    const auto row = [](const QString &text, quint32 kinds, const QStringList &expected) {
        QTest::addRow("%s %u", qPrintable(text), kinds) << text << kinds << expected;
    };
    const auto bit = JournalFilter::bit;
    row({}, 0, {u"h4"_s, u"h3"_s, u"h2"_s, u"h1"_s, u"h0"_s});
    row({}, bit(Kind::Late), {u"h2"_s});
    row({}, bit(Kind::Late) | bit(Kind::Left), {u"h3"_s, u"h2"_s});
    row({}, bit(Kind::Ours), {u"h4"_s, u"h3"_s});
    row(u"CART"_s, 0, {u"h1"_s});
    row(u"shop/ca"_s, 0, {u"h1"_s});
    row(u"missed"_s, 0, {u"h2"_s});
    row(u"shop missed"_s, 0, {u"h2"_s});
    row(u"cart missed"_s, 0, {});
    row(u"!cart !h0"_s, 0, {u"h4"_s, u"h3"_s, u"h2"_s});
    row(u"service:cart"_s, 0, {u"h1"_s});
    row(u"service:shop"_s, 0, {});
    row(u"namespace:shop"_s, bit(Kind::Late), {u"h2"_s});
    row(u"!Service:orders"_s, 0, {u"h4"_s, u"h1"_s});
    row(u" ! "_s, 0, {u"h4"_s, u"h3"_s, u"h2"_s, u"h1"_s, u"h0"_s});
}

void TestJournalModel::filters()
{
    QFETCH(QString, text);
    QFETCH(quint32, kinds);
    QFETCH(QStringList, expected);
    QList<JournalEntry> list{entry(0), entry(1, Kind::Joined, u"cart"_s), entry(2, Kind::Late),
                             entry(3, Kind::Left), entry(4, Kind::Ours, u"web"_s)};
    list[3].ours = list[4].ours = true;
    JournalModel before;
    before.append(list);
    before.setFilter(JournalFilter(text, kinds));
    QCOMPARE(shown(before), expected);
    before.setFilter({});
    QCOMPARE(before.rowCount(), 5);
    JournalModel after;
    after.setFilter(JournalFilter(text, kinds));
    after.append(list);
    QCOMPARE(shown(after), expected);
}

void TestJournalModel::keepsWhatHangsOnItsIndexes()
{
    JournalModel model;
    const QAbstractItemModelTester tester(&model);
    model.append(entries(0, 10));
    const QPersistentModelIndex seven = model.index(2, 0), one = model.index(8, 0);
    model.append(entries(10, 2));
    QCOMPARE(seven.row(), 4);
    model.setFilter(JournalFilter(u"!h1"_s)); // and not h10, h11
    QCOMPARE(seven.row(), 2);
    QVERIFY(!one.isValid());
    model.setFilter({});
    QCOMPARE(model.entry(seven.row()).instance, u"h7:80"_s);
}

void TestJournalModel::showsWhatIsThere()
{
    JournalModel model;
    model.append({entry(2, Kind::Late),
                  {.time = entry(3).time,
                   .kind = Kind::Node,
                   .what = JournalEntry::What::NoAnswer,
                   .instance = u"n"_s}});
    const auto text = [&](int row, int column) {
        return model.index(row, column).data().toString();
    };
    // Of another day the date tells more than the seconds.
    QCOMPARE(text(1, JournalModel::Time),
             QLocale().toString(entry(2).time.toLocalTime(), u"d MMM HH:mm"_s));
    QCOMPARE(text(1, JournalModel::Kind), u"late"_s);
    QCOMPARE(text(1, JournalModel::Subject), u"shop/orders"_s);
    QCOMPARE(text(1, JournalModel::Text), u"h2:80 missed its beat"_s);
    QCOMPARE(text(0, JournalModel::Subject), u"cluster"_s);
    QVERIFY(model.index(0, 0).data(JournalModel::TroubleRole).toBool());
    QVERIFY(model.index(1, 0).data(Qt::ToolTipRole).toString().contains(u"services/shop/orders/2"));

    JournalEntry now = entry(9);
    now.time = QDateTime::currentDateTimeUtc();
    model.append({now});
    QCOMPARE(text(0, JournalModel::Time),
             now.time.toLocalTime().toString(u"HH:mm:ss.zzz"_s).chopped(2));
}

void TestJournalModel::isCheap()
{
    JournalModel model;
    model.append(entries(0, JournalModel::defaultLimit));
    model.setFilter(JournalFilter(u"joined"_s));
    QElapsedTimer timer;
    timer.start();
    for (int i = 0; i < 10; ++i)
        model.append(entries(i * 500, 500));
    const qint64 appended = timer.restart();
    model.setFilter(JournalFilter(u"5"_s)); // every other one or so
    const qint64 narrowed = timer.restart();
    model.setFilter({});
    qInfo("5,000 entries %lld ms, filter over %d: %lld ms, clear it %lld ms", appended,
          int(model.size()), narrowed, timer.elapsed());
    QVERIFY(appended < 1000);
    QVERIFY(narrowed < 2000);
}

QTEST_GUILESS_MAIN(TestJournalModel)
#include "tst_journalmodel.moc"
