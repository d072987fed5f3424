// SPDX-License-Identifier: MIT
#include "browser.h"
#include "instancepanel.h"
#include "motion.h"
#include "servicetree.h"
#include "session.h"
#include "tableview.h"
#include "theme.h"

#include "../unit/modelfixture.h"

#include <QApplication>
#include <QDBusMetaType>
#include <QHeaderView>
#include <QProcess>
#include <QScrollBar>
#include <QSettings>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTemporaryDir>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

QStringList pathsOf(int count)
{
    QStringList paths;
    for (int i = 0; i < count; ++i)
        paths.append(u"n%1/s%2/%3"_s.arg(i % 3).arg(i % 4).arg(i));
    return paths;
}

/// Counts what is painted in a widget.
class PaintWatch : public QObject
{
public:
    explicit PaintWatch(QWidget *widget)
    {
        QTest::qWait(50); // what waits to be painted
        widget->installEventFilter(this);
    }

    int paints = 0;
    QRect painted;

protected:
    bool eventFilter(QObject *, QEvent *event) override
    {
        if (event->type() == QEvent::Paint) {
            ++paints;
            painted |= static_cast<QPaintEvent *>(event)->rect();
        }
        return false;
    }
};

/// What a desktop's portal answers.
class Portal : public QObject
{
    Q_OBJECT
    Q_CLASSINFO("D-Bus Interface", "org.freedesktop.portal.Settings")
public Q_SLOTS:
    EtcdRegistry::Motion::Settings ReadAll(const QStringList &)
    {
        return {{u"org.gnome.desktop.interface"_s, {{u"enable-animations"_s, false}}}};
    }
};

} // namespace

/// The browser of a session that never starts: its rows are made up.
class TestBrowser : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Theme::apply(*qApp, Theme::Scheme::Light); }
    void init();
    void cleanup();

    void keepsEverythingInPlace_data();
    void keepsEverythingInPlace();
    void startsWithTheFirst();
    void holdsStillUnderThePointer();
    void putsTheWorstFirst();
    void paintsOnlyWhatChanged();
    void flashes();
    void readsTheDesktopsSettings();
    void asksTheDesktop();
    void keepsRowsChosenWhenColumnsCome();
    void remembersFieldColumns();
    void choosesAgainWhatComesBack();

private:
    void show(const Rows &rows)
    {
        Q_EMIT m_session->updated(
            std::make_shared<const RowsUpdate>(updateOf(std::exchange(m_rows, rows), rows)));
    }
    bool settles() const
    {
        const auto *model = static_cast<const InstanceModel *>(m_table->model());
        return QTest::qWaitFor([model] { return !model->isWorking(); });
    }
    QString keyAt(const QModelIndex &index) const
    {
        return index.data(InstanceModel::KeyRole).toString();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<Browser> m_browser;
    TableView *m_table = nullptr;
    ServiceTree *m_tree = nullptr;
    Rows m_rows;
    int m_resets = 0;
};

void TestBrowser::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_settings =
        std::make_unique<QSettings>(m_folder->filePath(u"settings"_s), QSettings::IniFormat);
    m_session = std::make_unique<Session>(ConnectionString::parse(u"http://127.0.0.1:1"_s).value());
    m_browser = std::make_unique<Browser>(*m_session, *m_settings);
    m_table = m_browser->instances()->table();
    m_tree = m_browser->findChild<ServiceTree *>();
    m_rows.clear();
    m_resets = 0;
    for (QAbstractItemModel *model : {m_table->model(), m_tree->model()})
        connect(model, &QAbstractItemModel::modelReset, this, [this] { ++m_resets; });
    m_browser->resize(1200, 700);
    m_browser->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_browser.get()));
    for (QWidget *viewport : {m_tree->viewport(), m_table->viewport()}) {
        QEvent leave(QEvent::Leave); // the pointer may be anywhere
        QCoreApplication::sendEvent(viewport, &leave);
    }
}

void TestBrowser::cleanup()
{
    m_browser.reset();
    m_session.reset();
    QCOMPARE(m_resets, 0);
}

void TestBrowser::keepsEverythingInPlace_data()
{
    QTest::addColumn<int>("count");
    QTest::newRow("few") << 300;
    QTest::newRow("many, sorted and filtered in other threads") << 6000;
}

void TestBrowser::keepsEverythingInPlace()
{
    QFETCH(int, count);
    const Rows all = makeRows(pathsOf(count));
    Rows rows = all;
    rows.removeIf([i = 0](const Row &) mutable { return i++ % 5 == 0; }); // they will come
    show(rows);
    m_table->sortByColumn(InstanceModel::Host, Qt::AscendingOrder);
    m_browser->setFilter(InstanceFilter::parse(u"!zone:z7"_s).value());
    QVERIFY(settles());
    m_tree->collapse(m_tree->model()->index(1, 0));
    const QAbstractItemModel *model = m_table->model();
    const int middle = model->rowCount() / 2;
    for (int row : {middle + 1, middle + 2, middle + 5})
        m_table->selectionModel()->select(model->index(row, 0),
                                          QItemSelectionModel::Select | QItemSelectionModel::Rows);
    m_table->selectionModel()->setCurrentIndex(model->index(middle + 2, 0),
                                               QItemSelectionModel::NoUpdate);
    m_table->scrollTo(model->index(middle, 0), QAbstractItemView::PositionAtTop);
    m_table->verticalScrollBar()->setValue(m_table->verticalScrollBar()->value() + 5);
    const QString top = keyAt(m_table->indexAt({0, 0}));
    const int offset = m_table->visualRect(m_table->indexAt({0, 0})).top();
    const QString current = keyAt(m_table->currentIndex());
    QSet<QString> selected;
    for (const Row &row : m_browser->instances()->selectedRows())
        selected.insert(row.instance->key);
    QCOMPARE(selected.size(), 3);

    for (int round = 0; round < 6; ++round) {
        Rows next;
        for (int i = 0; i < all.size(); ++i) { // some come, some go, some change
            const QString &key = all[i].instance->key;
            const bool held = selected.contains(key) || key == top;
            if (!held && (i + round) % 5 == 0)
                continue;
            next.append(all[i]);
            if (!held && (i + round) % 7 == 0) {
                edit(next.last(), [round](Instance &instance) {
                    instance.hostname = u"10.9.9.%1"_s.arg(round);
                    instance.document = "{\"round\":" + QByteArray::number(round) + '}';
                });
            }
        }
        show(next);
        if (round % 2)
            m_table->sortByColumn(InstanceModel::Port, Qt::AscendingOrder);
        QVERIFY(settles());
        m_browser->setFilter(InstanceFilter::parse(round % 2 ? u""_s : u"!zone:z7"_s).value());
        QVERIFY(settles());
        QSet<QString> still;
        for (const Row &row : m_browser->instances()->selectedRows())
            still.insert(row.instance->key);
        QCOMPARE(still, selected);
        QCOMPARE(keyAt(m_table->currentIndex()), current);
        QVERIFY(!m_tree->isExpanded(m_tree->model()->index(1, 0)));
        QVERIFY(m_tree->isExpanded(m_tree->model()->index(0, 0)));
        if (round == 0) { // until the user sorts, the rows in sight stay where they are
            QCOMPARE(keyAt(m_table->indexAt({0, 0})), top);
            QCOMPARE(m_table->visualRect(m_table->indexAt({0, 0})).top(), offset);
        }
    }
}

void TestBrowser::startsWithTheFirst()
{
    show(makeRows(pathsOf(200)));
    m_table->verticalScrollBar()->setValue(1000);
    m_table->sortByColumn(InstanceModel::State, Qt::DescendingOrder);
    QCOMPARE(m_table->verticalScrollBar()->value(), 0);
}

void TestBrowser::holdsStillUnderThePointer()
{
    Rows rows = makeRows({u"a/x/1"_s, u"a/x/2"_s});
    m_table->sortByColumn(InstanceModel::LivesOn, Qt::AscendingOrder);
    show(rows);
    const auto first = [this] { return keyAt(m_table->model()->index(0, 0)); };
    const auto beat = [&](int i) {
        edit(rows[i], [](Instance &instance) { *instance.expires += 60s; });
        show(rows);
    };
    Q_EMIT m_table->hovered(true);
    beat(0);
    QTest::qWait(1200);
    QCOMPARE(first(), u"services/a/x/1"_s);
    Q_EMIT m_table->hovered(false);
    QCOMPARE(first(), u"services/a/x/2"_s);

    m_table->setCurrentIndex(m_table->model()->index(0, 0)); // chosen: it does not jump either
    beat(1);
    beat(1);
    QTest::qWait(1200);
    QCOMPARE(first(), u"services/a/x/2"_s);
    m_table->clearSelection();
    QCOMPARE(first(), u"services/a/x/1"_s);
}

void TestBrowser::putsTheWorstFirst()
{
    Rows rows = makeRows(pathsOf(60));
    m_browser->setWorstFirst(true);
    show(rows);
    QAbstractItemModel *model = m_tree->model();
    m_browser->setScope({u"n1"_s, u"s2"_s});
    m_tree->collapse(model->index(0, 0));
    rows.last().state = InstanceState::Broken; // of n2
    show(rows);
    QTRY_COMPARE(model->index(0, 0).data().toString(), u"n2"_s);
    QVERIFY(m_tree->isExpanded(model->index(0, 0)));
    QVERIFY(!m_tree->isExpanded(model->index(1, 0)));
    QCOMPARE(m_tree->currentIndex().data().toString(), u"s2"_s);
    QVERIFY(m_tree->selectionModel()->isSelected(m_tree->currentIndex()));
    m_browser->setWorstFirst(false);
    QCOMPARE(model->index(0, 0).data().toString(), u"n0"_s);
    QVERIFY(!m_tree->isExpanded(model->index(0, 0)));
}

void TestBrowser::paintsOnlyWhatChanged()
{
    Rows rows = makeRows(pathsOf(200));
    m_browser->setFlashing(false);
    show(rows);
    Q_EMIT m_session->ticked();
    PaintWatch watch(m_table->viewport());
    Q_EMIT m_session->ticked();              // no time has passed
    show(rows);                              // and nothing has changed
    rows.last().state = InstanceState::Late; // out of sight
    show(rows);
    QTest::qWait(50);
    QCOMPARE(watch.paints, 0);

    const QModelIndex third = m_table->model()->index(3, 0);
    const QString key = keyAt(third);
    for (Row &row : rows) {
        if (row.instance->key == key)
            row.state = InstanceState::Late;
    }
    show(rows);
    QTRY_COMPARE(watch.paints, 1);
    QCOMPARE(watch.painted.top(), m_table->visualRect(third).top());
    QCOMPARE(watch.painted.height(), m_table->visualRect(third).height());

    watch.painted = {};
    for (Row &row : rows) {
        if (row.instance->key == key) // a beat: its times read otherwise
            edit(row, [](Instance &instance) { *instance.expires += 5min; });
    }
    show(rows);
    QTRY_COMPARE(watch.paints, 2);
    QCOMPARE(watch.painted.height(), m_table->visualRect(third).height());
    QVERIFY(watch.painted.left()
            >= m_table->visualRect(third.siblingAtColumn(InstanceModel::UpFor)).left());
}

void TestBrowser::flashes()
{
    Rows rows = makeRows({u"a/x/1"_s, u"a/x/2"_s});
    show(rows);
    rows[1].changed = m_session->now(); // its ground is at its brightest
    show(rows);
    const auto groundOf = [this](int row) {
        const QPoint corner = m_table->visualRect(m_table->model()->index(row, 0)).topLeft();
        return m_table->viewport()->grab().toImage().pixelColor(corner + QPoint(1, 1));
    };
    QVERIFY(groundOf(0) != groundOf(1));
    m_browser->setFlashing(false);
    QCOMPARE(groundOf(0), groundOf(1));
}

void TestBrowser::readsTheDesktopsSettings()
{
    const auto reduced = [](const QString &group, const QString &name, const QVariant &value) {
        return Motion::isReduced({{group, {{name, value}}}});
    };
    QVERIFY(!Motion::isReduced({}));
    QVERIFY(reduced(u"org.freedesktop.appearance"_s, u"reduced-motion"_s, 1u));
    QVERIFY(!reduced(u"org.freedesktop.appearance"_s, u"reduced-motion"_s, 0u));
    QVERIFY(reduced(u"org.gnome.desktop.interface"_s, u"enable-animations"_s, false));
    QVERIFY(!reduced(u"org.gnome.desktop.interface"_s, u"enable-animations"_s, true));
    QVERIFY(reduced(u"org.kde.kdeglobals.KDE"_s, u"AnimationDurationFactor"_s, u"0"_s));
    QVERIFY(!reduced(u"org.kde.kdeglobals.KDE"_s, u"AnimationDurationFactor"_s, u"1.0"_s));
}

void TestBrowser::asksTheDesktop()
{
    const QString program = QStandardPaths::findExecutable(u"dbus-daemon"_s);
    if (program.isEmpty())
        QSKIP("There is no dbus-daemon");
    QProcess daemon;
    daemon.start(program, {u"--session"_s, u"--nofork"_s, u"--print-address"_s});
    QVERIFY(daemon.waitForReadyRead());
    const QString address = QString::fromLatin1(daemon.readLine()).trimmed();
    auto desktop = QDBusConnection::connectToBus(address, u"desktop"_s);
    QVERIFY(desktop.registerService(u"org.freedesktop.portal.Desktop"_s));
    Portal portal;
    qDBusRegisterMetaType<Motion::Settings>();
    QVERIFY(desktop.registerObject(u"/org/freedesktop/portal/desktop"_s, &portal,
                                   QDBusConnection::ExportAllSlots));
    std::optional<bool> answer;
    Motion::ask(QDBusConnection::connectToBus(address, u"program"_s), this,
                [&](bool isReduced) { answer = isReduced; });
    QTRY_VERIFY(answer);
    QVERIFY(*answer);
    for (const QString &name : {u"desktop"_s, u"program"_s})
        QDBusConnection::disconnectFromBus(name);
    daemon.kill();
    QVERIFY(daemon.waitForFinished());
}

void TestBrowser::keepsRowsChosenWhenColumnsCome()
{
    show(makeRows(pathsOf(20)));
    QVERIFY(settles());
    auto *model = static_cast<InstanceModel *>(m_table->model());
    const auto *panel = m_browser->instances();
    m_table->setCurrentIndex(model->index(3, InstanceModel::Host));
    m_table->selectionModel()->select(model->index(7, 0),
                                      QItemSelectionModel::Select | QItemSelectionModel::Rows);
    const QString current = keyAt(m_table->currentIndex());
    for (const QStringList &fields :
         {QStringList{u"a"_s}, {u"a"_s, u"b"_s}, {u"b"_s}, {u"b"_s, u"c"_s}, QStringList()}) {
        model->setFields(fields);
        QCOMPARE(model->fields(), fields);
        QCOMPARE(panel->selectedRows().size(), 2);
        QCOMPARE(keyAt(m_table->currentIndex()), current);
        QVERIFY(panel->currentRow());
    }
}

/// Widths and order of columns from documents are there again in the next window, and stay while
/// other columns come and go.
void TestBrowser::remembersFieldColumns()
{
    show(makeRows(pathsOf(20)));
    auto *model = static_cast<InstanceModel *>(m_table->model());
    model->setFields({u"zone"_s, u"weight"_s});
    const int weight = InstanceModel::FixedColumns + 1;
    m_table->header()->resizeSection(weight, 177);
    m_table->header()->resizeSection(InstanceModel::FixedColumns, 133);
    m_table->sortByColumn(weight, Qt::DescendingOrder);
    model->setFields({u"zone"_s, u"weight"_s, u"version"_s});
    QCOMPARE(m_table->columnWidth(weight), 177);
    QCOMPARE(model->order().field, u"weight"_s);

    m_browser = nullptr;
    m_browser = std::make_unique<Browser>(*m_session, *m_settings);
    m_browser->resize(1200, 700);
    m_browser->show();
    const auto *table = m_browser->instances()->table();
    QCOMPARE(table->model()->columnCount(), InstanceModel::FixedColumns + 3);
    QCOMPARE(table->columnWidth(weight), 177);
    QCOMPARE(table->columnWidth(InstanceModel::FixedColumns), 133);
    QCOMPARE(table->header()->sortIndicatorSection(), weight);
    const auto &order = static_cast<const InstanceModel *>(table->model())->order();
    QCOMPARE(order.field, u"weight"_s);
    QCOMPARE(order.order, Qt::DescendingOrder);
}

void TestBrowser::choosesAgainWhatComesBack()
{
    const Rows rows = makeRows(pathsOf(20));
    show(rows);
    QVERIFY(settles());
    const auto *panel = m_browser->instances();
    m_table->setCurrentIndex(m_table->model()->index(3, 0));
    const QString key = keyAt(m_table->currentIndex());
    Rows without = rows;
    without.removeIf([&](const Row &row) { return row.instance->key == key; });
    show(without);
    QVERIFY(panel->selectedRows().isEmpty()); // no other in its place
    show(rows);
    QCOMPARE(panel->selectedRows().size(), 1);
    QCOMPARE(keyAt(m_table->currentIndex()), key);

    // but not when another one was chosen meanwhile
    show(without);
    m_table->setCurrentIndex(m_table->model()->index(8, 0));
    const QString other = keyAt(m_table->currentIndex());
    show(rows);
    QCOMPARE(keyAt(m_table->currentIndex()), other);
    QCOMPARE(panel->selectedRows().size(), 1);
}

QTEST_MAIN(TestBrowser)
#include "tst_browser.moc"
