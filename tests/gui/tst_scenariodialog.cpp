// SPDX-License-Identifier: MIT
#include "scenariodialog.h"

#include "fieldmessage.h"
#include "scenarioeditor.h"
#include "theme.h"
#include "widgets.h"

#include <QApplication>
#include <QFile>
#include <QMessageBox>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

class TestScenarioDialog : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup() { m_dialog.reset(); }
    void beginsWithTheExample();
    void showsWhereItIsWrong();
    void runsAndStops();
    void savesWhatItLoaded();
    void saysThatItCannotRead();
    void asksAboutChanges_data();
    void asksAboutChanges();

private:
    template <typename Widget = QPushButton>
    Widget *the(const char *name) const
    {
        return child<Widget>(*m_dialog, QString::fromLatin1(name));
    }
    ScenarioEditor *editor() const { return the<ScenarioEditor>("editor"); }
    QString message() const { return the<FieldMessage>("message")->text(); }
    QByteArray saved() const
    {
        QFile file(m_path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

    QTemporaryDir m_folder;
    QString m_path;
    std::unique_ptr<ScenarioDialog> m_dialog;
};

static const QByteArray web = "{\"registrations\": [\n  {\"name\": \"web\"} // one\n]}\n";

void TestScenarioDialog::initTestCase()
{
    Theme::apply(*qApp, Theme::Scheme::Light);
    m_path = m_folder.filePath(u"web.json"_s);
}

void TestScenarioDialog::init()
{
    QFile file(m_path);
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(web) == web.size());
    m_dialog = std::make_unique<ScenarioDialog>();
    m_dialog->show();
}

void TestScenarioDialog::beginsWithTheExample()
{
    QVERIFY(editor()->toPlainText().contains(u"\"registrations\""_s));
    QVERIFY(!m_dialog->isUnsaved());
    QVERIFY(the("goButton")->isHidden());
    QCOMPARE(m_dialog->windowTitle(), u"New[*] — scenario"_s);
}

void TestScenarioDialog::showsWhereItIsWrong()
{
    QVERIFY(m_dialog->load(m_path));
    editor()->setPlainText(u"{\n \"registration\": []}"_s);
    QTRY_COMPARE(message(), u"Line 2, column 2: there is no field registration here; there are "
                            "$schema, registrations."_s);
    QCOMPARE(editor()->extraSelections().size(), 1);
    QVERIFY(the("goButton")->isVisible());
    editor()->moveCursor(QTextCursor::Start);
    QTest::mouseClick(the("goButton"), Qt::LeftButton);
    QCOMPARE(editor()->textCursor().blockNumber(), 1);
    QCOMPARE(editor()->textCursor().positionInBlock(), 1);
    QVERIFY(editor()->hasFocus());

    QSignalSpy asked(m_dialog.get(), &ScenarioDialog::runRequested);
    editor()->moveCursor(QTextCursor::Start);
    QTest::mouseClick(the("runButton"), Qt::LeftButton);
    QCOMPARE(asked.size(), 0);
    QCOMPARE(editor()->textCursor().blockNumber(), 1);

    editor()->setPlainText(QString::fromUtf8(web));
    QTRY_VERIFY(the("goButton")->isHidden());
    QCOMPARE(editor()->extraSelections().size(), 0);
}

void TestScenarioDialog::runsAndStops()
{
    QVERIFY(m_dialog->load(m_path));
    Scenario run;
    connect(m_dialog.get(), &ScenarioDialog::runRequested, this,
            [&run](const Scenario &scenario) { run = scenario; });
    QSignalSpy stopped(m_dialog.get(), &ScenarioDialog::stopRequested);
    QTest::mouseClick(the("runButton"), Qt::LeftButton);
    QCOMPARE(run.groups.size(), 1);
    QCOMPARE(run.groups[0].service.name, u"web"_s);
    m_dialog->showState(ScenarioDialog::State::Running, u"1 alive now."_s);
    QVERIFY(the("runButton")->text().contains(u"Stop"_s));
    QTest::mouseClick(the("runButton"), Qt::LeftButton);
    QCOMPARE(stopped.size(), 1);
    m_dialog->showState(ScenarioDialog::State::Stopping, u"Leaving..."_s);
    QVERIFY(!the("runButton")->isEnabled());
    m_dialog->showState(ScenarioDialog::State::Idle, u"Stopped."_s);
    QVERIFY(the("runButton")->isEnabled() && the("runButton")->text().contains(u"Run"_s));
}

void TestScenarioDialog::savesWhatItLoaded()
{
    QVERIFY(m_dialog->load(m_path));
    QCOMPARE(m_dialog->windowTitle(), u"web.json[*] — scenario"_s);
    QTest::keyClick(editor(), Qt::Key_End, Qt::ControlModifier);
    editor()->insertPlainText(u"// ä"_s);
    QVERIFY(m_dialog->isUnsaved() && m_dialog->isWindowModified());
    QTest::mouseClick(the("saveButton"), Qt::LeftButton);
    QVERIFY(!m_dialog->isUnsaved());
    QCOMPARE(saved(), web + "// ä");
}

void TestScenarioDialog::saysThatItCannotRead()
{
    QVERIFY(m_dialog->load(m_path));
    QVERIFY(!m_dialog->load(u"/does/not/exist.json"_s));
    QVERIFY2(message().contains(u"/does/not/exist.json can't be read"_s), qPrintable(message()));
    QCOMPARE(editor()->text(), web);
}

void TestScenarioDialog::asksAboutChanges_data()
{
    QTest::addColumn<int>("answer");
    QTest::addColumn<bool>("closes");
    QTest::addColumn<QByteArray>("file");
    QTest::newRow("save") << int(QMessageBox::Save) << true << '\n' + web;
    QTest::newRow("discard") << int(QMessageBox::Discard) << true << web;
    QTest::newRow("cancel") << int(QMessageBox::Cancel) << false << web;
}

void TestScenarioDialog::asksAboutChanges()
{
    QFETCH(int, answer);
    QFETCH(bool, closes);
    QVERIFY(m_dialog->load(m_path));
    editor()->insertPlainText(u"\n"_s);
    QTest::mouseClick(the("closeButton"), Qt::LeftButton);
    QVERIFY(m_dialog->isVisible());
    auto *box = m_dialog->findChild<QMessageBox *>();
    QVERIFY(box && box->text().contains(u"web.json"_s));
    QTest::mouseClick(box->button(QMessageBox::StandardButton(answer)), Qt::LeftButton);
    QTRY_COMPARE(m_dialog->isHidden(), closes);
    QTEST(saved(), "file");
    QCOMPARE(m_dialog->isUnsaved(), !closes);
    if (closes) // what it shows is what the file has
        QCOMPARE(editor()->text(), saved());
}

QTEST_MAIN(TestScenarioDialog)
#include "tst_scenariodialog.moc"
