// SPDX-License-Identifier: MIT
#include "closedialog.h"
#include "etcdcluster.h"
#include "mainwindow.h"
#include "scenario.h"
#include "scenariodialog.h"
#include "scenarioeditor.h"
#include "session.h"
#include "startpage.h"
#include "theme.h"
#include "widgets.h"

#include <QAction>
#include <QApplication>
#include <QFileDialog>
#include <QLabel>
#include <QMessageBox>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

/// The menu Scenario of the window, on a real etcd.
class TestScenarios : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void opensAndRuns();
    void runsAnotherOne();
    void savesWhatIsHeld();
    void leavesAllWhenItCloses();
    void asksAboutTheText();

private:
    QAction *action(const char *name) const
    {
        return m_window->findChild<QAction *>(QString::fromLatin1(name));
    }
    ScenarioDialog *dialog() const { return m_window->findChild<ScenarioDialog *>(); }
    QString progress() const { return child<QLabel>(*dialog(), u"progress"_s)->text(); }
    Registry &registry() const { return m_window->session()->registry(); }
    QStringList shown() const
    {
        QStringList names;
        for (const Row &row : m_window->session()->rows())
            names += row.instance->service;
        return names;
    }
    /// In the file dialog that the action opens.
    void choose(const char *actionName, const QString &file);
    QString file(const QByteArray &scenario);

    EtcdCluster m_cluster;
    QTemporaryDir m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<MainWindow> m_window;
};

void TestScenarios::initTestCase()
{
    Theme::apply(*qApp, Theme::Scheme::Light);
    QVERIFY2(m_cluster.start(), qPrintable(m_cluster.error()));
    m_settings =
        std::make_unique<QSettings>(m_folder.filePath(u"settings.ini"_s), QSettings::IniFormat);
    m_settings->setValue("journal/folder"_L1, m_folder.filePath(u"journal"_s));
}

void TestScenarios::init()
{
    m_window = std::make_unique<MainWindow>(*m_settings);
    m_window->show();
    QSignalSpy connected(m_window.get(), &MainWindow::connected);
    m_window->connectTo(m_cluster.connectionString(u"/base?api=v3&ttl=3"_s));
    QVERIFY(connected.wait(10000));
}

void TestScenarios::cleanup()
{
    m_window.reset();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
}

QString TestScenarios::file(const QByteArray &scenario)
{
    QFile file(m_folder.filePath(u"%1.json"_s.arg(qHash(scenario))));
    return file.open(QIODevice::WriteOnly) && file.write(scenario) > 0 ? file.fileName()
                                                                       : QString();
}

void TestScenarios::choose(const char *actionName, const QString &file)
{
    action(actionName)->trigger();
    auto *files = m_window->findChild<QFileDialog *>();
    QVERIFY(files);
    Q_EMIT files->fileSelected(file);
    files->close();
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
}

void TestScenarios::opensAndRuns()
{
    QVERIFY(!action("stopScenarioAction")->isEnabled());
    choose("openScenarioAction", file(R"({"registrations": [
        {"name": "crashing", "behaviour": {"crashAfter": 1}},
        {"name": "web", "port": 80, "count": 2, "behaviour": {"flap": {"every": 2, "for": 1}}}
    ]})"));
    QVERIFY(dialog()->isVisible());
    QVERIFY(action("stopScenarioAction")->isEnabled());
    QTRY_COMPARE(shown(), (QStringList{u"crashing"_s, u"web"_s, u"web"_s}));
    QCOMPARE(registry().registrations().size(), 3); // which is what the held panel shows
    QTRY_VERIFY(progress().contains(u"2 away now. 3 of 3 joined; crashes: 1"_s));
    QTRY_VERIFY(!shown().contains(u"crashing"_s));
    QTRY_VERIFY_WITH_TIMEOUT(
        progress().contains(u"2 alive now"_s) && progress().contains(u"flaps: "_s), 10000);
    QTest::mouseClick(button(*dialog(), u"&Stop"_s), Qt::LeftButton);
    QTRY_VERIFY(progress().startsWith(u"Stopped. 3 of 3 joined; crashes: 1, flaps: "_s));
    QVERIFY(!action("stopScenarioAction")->isEnabled());
    QCOMPARE(registry().registrations().size(), 0);
    QTRY_COMPARE(shown(), QStringList());
}

/// What another one has joined is left first.
void TestScenarios::runsAnotherOne()
{
    const QString one = file(R"({"registrations": [{"name": "a", "count": 3, "port": 1}]})");
    const QString two = file(R"({"registrations": [{"name": "a", "port": 1}, {"name": "b"}]})");
    choose("openScenarioAction", one);
    QTRY_VERIFY(progress().contains(u"3 alive now. 3 of 3 joined."_s));
    choose("openScenarioAction", two);
    QTRY_VERIFY2(progress().contains(u"2 alive now. 2 of 2 joined."_s), qPrintable(progress()));
    QTRY_COMPARE(shown(), (QStringList{u"a"_s, u"b"_s}));
    action("stopScenarioAction")->trigger();
    QTRY_COMPARE(shown(), QStringList());
}

void TestScenarios::savesWhatIsHeld()
{
    QVERIFY(!action("saveHeldAction")->isEnabled());
    Service service{.name = u"web"_s, .nameSpace = u"base/eu"_s, .port = 80};
    service.ttl = registry().connection().ttl;
    service.heartbeat = registry().connection().heartbeat;
    m_window->session()->join({service});
    QTRY_COMPARE(shown(), QStringList{u"web"_s});
    QVERIFY(action("saveHeldAction")->isEnabled());
    const QString path = m_folder.filePath(u"saved.json"_s);
    choose("saveHeldAction", path);
    QFile saved(path);
    QVERIFY(saved.open(QIODevice::ReadOnly));
    const auto parsed = Scenario::parse(saved.readAll());
    QVERIFY(std::holds_alternative<Scenario>(parsed));
    const QList<Scenario::Group> groups = std::get<Scenario>(parsed).groups;
    QCOMPARE(groups.size(), 1);
    QVERIFY(groups[0].services(registry().connection()) == QList{service});
    m_window->session()->leaveAll();
    QTRY_COMPARE(shown(), QStringList());
}

/// And what flaps does not come back.
void TestScenarios::leavesAllWhenItCloses()
{
    choose("openScenarioAction", file(R"({"registrations": [
        {"name": "web", "port": 1, "count": 20, "behaviour": {"flap": {"every": 0.2, "for": 0.1}}}
    ]})"));
    QTRY_VERIFY(progress().contains(u"flaps: "_s));
    QTRY_VERIFY(!registry().registrations().isEmpty());
    const QString key = registry().registrations().first().key;
    QTRY_VERIFY(!m_window->close()); // at a moment at which some are held
    auto *question = m_window->findChild<CloseDialog *>();
    QVERIFY(question);
    Q_EMIT question->leaveChosen();
    QTRY_VERIFY(!m_window->isVisible());
    const auto left = m_cluster.request(Api::V3, "POST", u"/v3/kv/range"_s,
                                        R"({"key":"AA==","range_end":"AA==","keys_only":true})");
    QCOMPARE(left.status, 200);
    QVERIFY2(!left.json().contains("count"_L1), left.body);
}

void TestScenarios::asksAboutTheText()
{
    action("editScenarioAction")->trigger();
    child<ScenarioEditor>(*dialog(), u"editor"_s)->insertPlainText(u"// mine\n"_s);
    QVERIFY(!m_window->close());
    auto *box = dialog()->findChild<QMessageBox *>();
    QVERIFY(box);
    QTest::mouseClick(box->button(QMessageBox::Cancel), Qt::LeftButton);
    QVERIFY(m_window->isVisible());
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QVERIFY(!m_window->close());
    box = dialog()->findChild<QMessageBox *>();
    QVERIFY(box);
    QTest::mouseClick(box->button(QMessageBox::Discard), Qt::LeftButton);
    QTRY_VERIFY(!m_window->isVisible());
}

QTEST_MAIN(TestScenarios)
#include "tst_scenarios.moc"
