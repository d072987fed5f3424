// SPDX-License-Identifier: MIT
#include "closedialog.h"
#include "commands.h"
#include "documentview.h"
#include "factsview.h"
#include "fieldmessage.h"
#include "inspectdialog.h"
#include "layout.h"
#include "leavedialog.h"
#include "theme.h"
#include "widgets.h"

#include <QApplication>
#include <QClipboard>
#include <QPointer>
#include <QSignalSpy>
#include <QTcpServer>
#include <QTest>
#include <QTreeWidget>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

Instance instanceOf(const QString &name, int port, bool hasTtl = true)
{
    Service service;
    service.name = name;
    service.nameSpace = u"shop"_s;
    service.hostname = u"10.0.3.18"_s;
    service.port = port;
    const auto record = Layout::encode(service).value();
    Entry entry;
    entry.key = record.key;
    entry.value = record.value;
    entry.createRevision = 1042;
    entry.modRevision = 8831;
    entry.lease = 7587848943213480448;
    entry.hasTtl = hasTtl;
    if (hasTtl)
        entry.timeLeft = 10s;
    return Layout::decode(entry, Api::V3, Instance::Clock::now());
}

Row rowOf(const Instance &instance)
{
    const auto now = Instance::Clock::now();
    Row row{continued({}, instance, now)};
    row.state = stateOf(row, now, now);
    return row;
}

} // namespace

class TestDialogs : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Theme::apply(*qApp, Theme::Scheme::Light); }

    void leave_data()
    {
        QTest::addColumn<int>("ours");
        QTest::addColumn<int>("others");
        QTest::addColumn<int>("orphans");
        QTest::addColumn<QString>("buttonText");
        QTest::addColumn<QStringList>("notes");
        QTest::newRow("ours") << 1 << 0 << 0 << u"Leave web on R&D"_s
                              << QStringList{u"This window stops its heartbeat."_s};
        QTest::newRow("somebody's")
            << 0 << 1 << 0 << u"Leave web on R&D"_s
            << QStringList{
                   u"Someone else keeps it alive: its owner will put it back at its next beat."_s};
        QTest::newRow("nobody's")
            << 0 << 0 << 1 << u"Leave web on R&D"_s
            << QStringList{u"Nobody keeps it alive, so it will not come back by itself."_s};
        QTest::newRow("three")
            << 1 << 1 << 1 << u"Leave 3 instances on R&D"_s
            << QStringList{
                   u"Someone else keeps 1 of them alive: its owner will put it back at its next beat."_s,
                   u"This window stops the heartbeat of those that it keeps alive."_s,
                   u"Those that nobody keeps alive will not come back by themselves."_s};
        QTest::newRow("two of somebody")
            << 0 << 2 << 0 << u"Leave 2 instances on R&D"_s
            << QStringList{
                   u"Someone else keeps 2 of them alive: their owners will put them back at their next beat."_s};
    }
    void leave()
    {
        QFETCH(int, ours);
        QFETCH(int, others);
        QFETCH(int, orphans);
        QFETCH(QString, buttonText);
        QFETCH(QStringList, notes);

        QList<Instance> instances;
        QSet<QString> ourKeys;
        QStringList keys;
        for (int i = 0; i < ours + others + orphans; ++i) {
            instances.append(instanceOf(u"web"_s, 8080 + i, i < ours + others));
            keys.append(instances.last().key);
            if (i < ours)
                ourKeys.insert(keys.last());
        }
        auto *dialog = new LeaveDialog(instances, ourKeys, u"R&D"_s);
        dialog->open();
        QStringList shown;
        for (const auto *note : dialog->findChildren<FieldMessage *>())
            shown.append(note->text());
        QCOMPARE(shown, notes);
        const auto *list = dialog->findChild<QTreeWidget *>();
        QCOMPARE(list->topLevelItemCount(), keys.size());
        QCOMPARE(list->topLevelItem(0)->text(3), keys.first());
        QCOMPARE(list->topLevelItem(0)->text(0), u"shop/web"_s);
        QVERIFY(dialog->findChild<QLabel *>()->text().endsWith(u"deleted on R&D:"));
        QVERIFY(button(*dialog, u"Cancel"_s)->isDefault());

        QSignalSpy requested(dialog, &LeaveDialog::leaveRequested);
        button(*dialog, buttonText)->click();
        QCOMPARE(requested.takeFirst().first().toStringList(), keys);
        QVERIFY(!dialog->isVisible());
    }

    void leaveIsNotTheDefault()
    {
        auto *dialog = new LeaveDialog({instanceOf(u"web"_s, 80)}, {}, u"demo cluster"_s);
        dialog->open();
        QSignalSpy requested(dialog, &LeaveDialog::leaveRequested);
        QTest::keyClick(dialog, Qt::Key_Return);
        QVERIFY(!dialog->isVisible());
        QCOMPARE(requested.size(), 0);
    }

    void close()
    {
        const auto answers = [](const QString &text) {
            auto *dialog = new CloseDialog(3, u"demo cluster"_s, true);
            dialog->open();
            QSignalSpy left(dialog, &CloseDialog::leaveChosen);
            QSignalSpy expired(dialog, &CloseDialog::expireChosen);
            if (text.isEmpty())
                QTest::keyClick(dialog, Qt::Key_Return);
            else
                button(*dialog, text)->click();
            return std::pair(int(left.size()), int(expired.size()));
        };
        QCOMPARE(answers(u"Leave 3 and close"_s), std::pair(1, 0));
        QCOMPARE(answers(u"Let them expire"_s), std::pair(0, 1));
        QCOMPARE(answers(u"Cancel"_s), std::pair(0, 0));
        QCOMPARE(answers({}), std::pair(1, 0)); // the default
    }

    void inspect()
    {
        Instance instance = instanceOf(u"web"_s, 8081);
        QPointer<InspectDialog> dialog = new InspectDialog(rowOf(instance));
        dialog->show();
        const auto *facts = child<FactsView>(*dialog, u"facts"_s);
        const auto *state = child<QLabel>(*dialog, u"state"_s);
        const auto *gone = child<QLabel>(*dialog, u"gone"_s);
        for (const QString &fact :
             {instance.key, u"shop"_s, u"web"_s, u"10.0.3.18:8081"_s, u"http://10.0.3.18:8081"_s,
              u"v3"_s, u"created 1042, changed 8831"_s,
              u"7587848943213480448 (694d746965900a00 in etcdctl)"_s, u"10 s"_s})
            QVERIFY2(facts->toPlainText().contains(fact), qPrintable(fact));
        QVERIFY(state->text().startsWith(u"Alive"));
        QVERIFY(!gone->isVisible());
        button(*dialog, u"Copy document"_s)->click();
        QCOMPARE(QGuiApplication::clipboard()->text().toUtf8(), instance.document);
        button(*dialog, u"Copy key"_s)->click();
        QCOMPARE(QGuiApplication::clipboard()->text(), instance.key);
        button(*dialog, u"Copy URL"_s)->click();
        QCOMPARE(QGuiApplication::clipboard()->text(), instance.url);

        instance.modRevision = 9000;
        instance.document.replace("8081", "8082");
        instance.problem = Instance::Problem::KeyMismatch;
        dialog->setRow(rowOf(instance));
        QVERIFY(facts->toPlainText().contains(u"changed 9000"));
        QVERIFY(facts->toPlainText().contains(instanceOf(u"web"_s, 8082).key)); // the expected one
        QVERIFY(child<DocumentView>(*dialog, u"document"_s)->toPlainText().contains(u"8082"));
        QVERIFY(state->text().startsWith(u"Broken"));

        dialog->setRow({});
        QVERIFY(gone->isVisible());
        QVERIFY(!state->isVisible());
        const QString since = gone->text();
        dialog->setRow({});
        QCOMPARE(gone->text(), since);
        QVERIFY(facts->toPlainText().contains(u"changed 9000"));
        QVERIFY(child<DocumentView>(*dialog, u"document"_s)->toPlainText().contains(u"8082"));
        dialog->setRow(rowOf(instance));
        QVERIFY(!gone->isVisible());
        QVERIFY(state->isVisible());
        dialog->close();
        QTRY_VERIFY(!dialog);
    }

    void closeAsksBeforeDisconnecting()
    {
        auto *dialog = new CloseDialog(0, u"demo cluster"_s, false);
        dialog->open();
        QCOMPARE(dialog->windowTitle(), u"Disconnect"_s);
        QSignalSpy chosen(dialog, &CloseDialog::expireChosen);
        button(*dialog, u"Disconnect"_s)->click();
        QCOMPARE(chosen.size(), 1);
        dialog = new CloseDialog(2, u"demo cluster"_s, false);
        dialog->open();
        QVERIFY(button(*dialog, u"Leave 2 and disconnect"_s));
        dialog->reject();
    }

    /// Enter presses the button that has the keyboard, not the default one.
    void entersPressTheFocusedButton()
    {
        auto *dialog = new LeaveDialog({instanceOf(u"web"_s, 80)}, {}, u"demo cluster"_s);
        dialog->open();
        QSignalSpy requested(dialog, &LeaveDialog::leaveRequested);
        auto *leave = button(*dialog, u"Leave web on demo cluster"_s);
        leave->setFocus();
        QTest::keyClick(leave, Qt::Key_Return);
        QCOMPARE(requested.size(), 1);

        InspectDialog inspector(rowOf(instanceOf(u"web"_s, 8081)));
        inspector.setAttribute(Qt::WA_DeleteOnClose, false);
        inspector.show();
        auto *copy = button(inspector, u"Copy key"_s);
        copy->setFocus();
        QGuiApplication::clipboard()->clear();
        QTest::keyClick(copy, Qt::Key_Return);
        QCOMPARE(QGuiApplication::clipboard()->text(), instanceOf(u"web"_s, 8081).key);
        QVERIFY(inspector.isVisible());
    }

    void proposesAFreePort()
    {
        const auto row = [](int port) { return rowOf(instanceOf(u"web"_s, port)); };
        const Rows rows{row(8080), row(8081), rowOf(instanceOf(u"other"_s, 8082)), row(8090)};
        QCOMPARE(freePortLike(*rows[0].instance, rows), 8083);
        QCOMPARE(freePortLike(*rows[3].instance, rows), 8091);
        QCOMPARE(freePortLike(instanceOf(u"web"_s, 65535), rows), 0);
        QCOMPARE(freePortLike(instanceOf(u"web"_s, 0), rows), 0);

        QTcpServer server; // on this machine somebody may listen without having joined
        QVERIFY(server.listen(QHostAddress::Any));
        Instance here = instanceOf(u"web"_s, server.serverPort() - 1);
        here.hostname = u"127.0.0.1"_s;
        QVERIFY(freePortLike(here, {}) > server.serverPort());
    }

    void inspectCountsDown()
    {
        InspectDialog dialog(rowOf(instanceOf(u"web"_s, 8081)));
        dialog.setAttribute(Qt::WA_DeleteOnClose, false);
        dialog.show();
        const auto *facts = child<FactsView>(dialog, u"facts"_s);
        QTRY_VERIFY(facts->toPlainText().contains(u"Time left\n8."));
        dialog.setRow({});
        const QString before = facts->toPlainText();
        QTest::qWait(500);
        QCOMPARE(facts->toPlainText(), before);
    }
};

QTEST_MAIN(TestDialogs)
#include "tst_dialogs.moc"
