// SPDX-License-Identifier: MIT
#include "commands.h"
#include "documentview.h"
#include "emptystate.h"
#include "factsview.h"
#include "fieldmessage.h"
#include "hostiletexts.h"
#include "inspectdialog.h"
#include "instancedelegate.h"
#include "instancemodel.h"
#include "leavedialog.h"
#include "noticebar.h"
#include "plaintext.h"
#include "session.h"
#include "theme.h"

#include <QApplication>
#include <QDesktopServices>
#include <QLabel>
#include <QMessageBox>
#include <QPainter>
#include <QPushButton>
#include <QTest>
#include <QTextDocument>
#include <QToolTip>
#include <QTreeView>
#include <QTreeWidget>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace {

Row rowOf(const Instance &instance)
{
    Row row;
    row.instance = std::make_shared<const Instance>(instance);
    return row;
}

/// Why a label of this widget could show anything but plain text, if one could.
QString richLabelIn(const QWidget &widget)
{
    QList<QLabel *> labels = widget.findChildren<QLabel *>();
    if (auto *label = qobject_cast<const QLabel *>(&widget))
        labels.append(const_cast<QLabel *>(label));
    for (const QLabel *label : std::as_const(labels)) {
        if (label->textFormat() != Qt::PlainText)
            return label->objectName() + u": "_s + label->text().left(100);
    }
    return {};
}

QLabel *shownTip()
{
    for (QWidget *widget : QApplication::topLevelWidgets()) {
        if (widget->inherits("QTipLabel") && widget->isVisible())
            return qobject_cast<QLabel *>(widget);
    }
    return nullptr;
}

} // namespace

/// Text of a registry in windows: it is never rendered, never breaks a line, and what is drawn of
/// it is bounded, whatever it is.
class TestHostileWindow : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { Theme::apply(*qApp, Theme::Scheme::Light); }
    void staysPlainInLabels_data() { texts(); }
    void staysPlainInLabels();
    void staysPlainInToolTips_data() { texts(); }
    void staysPlainInToolTips();
    void staysPlainInBoxes();
    void isShownInDialogs_data() { texts(); }
    void isShownInDialogs();
    void documentIsBounded();
    void staysInItsCell_data() { texts(); }
    void staysInItsCell();
    void asksBeforeManyWindows();
    void asksBeforeManyPages();

public Q_SLOTS:
    void openedUrl(const QUrl &url) { m_opened.append(url); } ///< by a browser, were there one

private:
    static void texts()
    {
        QTest::addColumn<QString>("text");
        for (const auto &[tag, text] : hostileTexts())
            QTest::newRow(tag) << text;
    }

    QList<QUrl> m_opened;
};

void TestHostileWindow::staysPlainInLabels()
{
    QFETCH(QString, text);
    EmptyState empty;
    empty.setText(plainLine(text), plainLine(text));
    NoticeBar notice;
    notice.show(text, u"Retry"_s, [] {});
    FieldMessage message;
    message.say(FieldMessage::Kind::Error, text);
    QLabel label(plainLine(text)); // as a form has it
    for (QWidget *widget : {static_cast<QWidget *>(&empty), static_cast<QWidget *>(&notice),
                            static_cast<QWidget *>(&message), static_cast<QWidget *>(&label)}) {
        widget->ensurePolished();
        for (QLabel *each : widget->findChildren<QLabel *>())
            each->ensurePolished();
        QCOMPARE(richLabelIn(*widget), QString());
        for (const QLabel *each : widget->findChildren<QLabel *>()) {
            QCOMPARE(harmIn(each->text(), true), QString());
            QVERIFY(each->text().size() <= 1000);
        }
    }
    QCOMPARE(harmIn(message.text(), true), QString());
}

void TestHostileWindow::staysPlainInToolTips()
{
    QFETCH(QString, text);
    QToolTip::showText(QPoint(10, 10), plainTip(text));
    const QLabel *tip = shownTip();
    QVERIFY(tip || plainTip(text).isEmpty());
    if (!tip)
        return;
    QCOMPARE(tip->textFormat(), Qt::PlainText);
    QCOMPARE(harmIn(tip->text(), true), QString());
    for (const QString &line : tip->text().split(u'\n'))
        QVERIFY(line.size() <= 101);
    QVERIFY(tip->text().size() <= 2 * longestTip);
    QToolTip::hideText();
}

void TestHostileWindow::staysPlainInBoxes()
{
    QMessageBox box(QMessageBox::NoIcon, u"x"_s, u"<img src=\"file:///dev/zero\">"_s);
    box.setInformativeText(u"<h1>x</h1>"_s);
    box.show();
    QCOMPARE(richLabelIn(box), QString());
}

void TestHostileWindow::isShownInDialogs()
{
    QFETCH(QString, text);
    const Instance instance = hostileInstance(text);
    InspectDialog inspect(rowOf(instance), [] { return Instance::Clock::now(); });
    inspect.setRow(rowOf(instance));
    inspect.setAttribute(Qt::WA_DeleteOnClose, false);
    inspect.show();
    QCOMPARE(richLabelIn(inspect), QString());
    QCOMPARE(harmIn(inspect.windowTitle()), QString());
    QVERIFY(inspect.windowTitle().size() <= 300);
    const auto *facts = inspect.findChild<FactsView *>();
    QCOMPARE(harmIn(facts->toPlainText().remove(QChar(0xfdd0)).remove(QChar(0xfdd1)), true),
             QString());
    QVERIFY(facts->toPlainText().size() < 15 * longestLine);
    QVERIFY(facts->height() <= 400);
    const auto *document = inspect.findChild<DocumentView *>();
    QCOMPARE(harmIn(document->toPlainText(), true), QString());
    QVERIFY(inspect.height() <= 700);

    LeaveDialog leave({instance}, {}, u"cluster"_s);
    leave.setAttribute(Qt::WA_DeleteOnClose, false);
    leave.show();
    QCOMPARE(richLabelIn(leave), QString());
    const auto *list = leave.findChild<QTreeWidget *>();
    for (int column = 0; column < list->columnCount(); ++column) {
        const QString shown = list->topLevelItem(0)->text(column);
        QCOMPARE(harmIn(shown), QString());
        QVERIFY(shown.size() <= longestLine);
        QCOMPARE(harmIn(list->topLevelItem(0)->toolTip(column), true), QString());
    }
}

/// It is cut beyond two million characters, and says so.
void TestHostileWindow::documentIsBounded()
{
    DocumentView view;
    view.setDocument("{\"a\":\"" + QByteArray(5'000'000, 'x') + "\"}");
    QVERIFY(view.toPlainText().size() < 2'100'000);
    QVERIFY(view.toPlainText().right(100).contains(u"5,000,0"_s));
    view.setDocument(instanceWithFields(100'000).document);
    QVERIFY(view.toPlainText().contains(u"field99999"_s));
    QVERIFY(view.document()->blockCount() <= 100'010);
}

/// Neither beside nor above it: what is painted for a cell stays within it.
void TestHostileWindow::staysInItsCell()
{
    QFETCH(QString, text);
    InstanceModel model;
    model.apply(updateOf({}, {rowOf(hostileInstance(text))}), Instance::Clock::now());
    const QTreeView view;
    InstanceDelegate delegate;
    QStyleOptionViewItem option;
    option.initFrom(&view);
    option.rect = QRect(100, 100, 60, 28);
    for (int column = 0; column < model.columnCount(); ++column) {
        QImage image(300, 300, QImage::Format_RGB32);
        image.fill(Qt::white);
        const QImage blank = image;
        QPainter painter(&image);
        delegate.paint(&painter, option, model.index(0, column));
        painter.fillRect(option.rect, Qt::white);
        painter.end();
        QVERIFY2(image == blank, qPrintable(u"column %1"_s.arg(column)));
    }
}

namespace {

struct Fixture
{
    Session session{*ConnectionString::parse(u"127.0.0.1:1"_s), QString()};
    QWidget window;
    NoticeBar notice;
    Commands commands{session, u"cluster"_s, &notice, &window};

    QList<Row> rows(int count) const
    {
        QList<Row> rows;
        for (int i = 0; i < count; ++i) {
            Instance instance;
            instance.key = u"services/a/%1"_s.arg(i);
            instance.url = u"http://127.0.0.1/%1"_s.arg(i);
            rows.append(rowOf(instance));
        }
        return rows;
    }
    QMessageBox *box() const { return window.findChild<QMessageBox *>(); }
};

} // namespace

void TestHostileWindow::asksBeforeManyWindows()
{
    Fixture fixture;
    const auto windows = [&] { return fixture.window.findChildren<InspectDialog *>().size(); };
    fixture.commands.inspect(fixture.rows(10));
    QCOMPARE(windows(), 10);
    QVERIFY(!fixture.box());
    fixture.commands.inspect(fixture.rows(11));
    QVERIFY(fixture.box());
    QCOMPARE(windows(), 10);
    fixture.box()->button(QMessageBox::Open)->click();
    QCOMPARE(windows(), 11);
}

void TestHostileWindow::asksBeforeManyPages()
{
    QDesktopServices::setUrlHandler(u"http"_s, this, "openedUrl");
    Fixture fixture;
    fixture.commands.openUrls(fixture.rows(1));
    QCOMPARE(m_opened.size(), 1);
    QVERIFY(!fixture.box());
    fixture.commands.openUrls(fixture.rows(7));
    QVERIFY(fixture.box());
    QCOMPARE(m_opened.size(), 1);
    fixture.box()->button(QMessageBox::Open)->click();
    QCOMPARE(m_opened.size(), 6);
    QDesktopServices::unsetUrlHandler(u"http"_s);
}

QTEST_MAIN(TestHostileWindow)
#include "tst_hostilewindow.moc"
