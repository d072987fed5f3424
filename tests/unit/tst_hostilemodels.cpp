// SPDX-License-Identifier: MIT
#include "documentdifference.h"
#include "hostiletexts.h"
#include "instancemodel.h"
#include "journalexport.h"
#include "journalfile.h"
#include "journalmodel.h"
#include "nodemodel.h"
#include "plaintext.h"
#include "registrationmodel.h"
#include "servicemodel.h"
#include "weburls.h"

#include <QJsonDocument>
#include <QTemporaryDir>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace {

Row rowOf(const Instance &instance)
{
    Row row;
    row.instance = std::make_shared<const Instance>(instance);
    return row;
}

/// What a view shows of a model, with its tool tips: what is wrong with it, if anything.
QString harmInModel(const QAbstractItemModel &model, const QModelIndex &parent = {})
{
    for (int row = 0; row < model.rowCount(parent); ++row) {
        for (int column = 0; column < model.columnCount(parent); ++column) {
            const QModelIndex index = model.index(row, column, parent);
            const QString shown = index.data().toString();
            const QString tip = index.data(Qt::ToolTipRole).toString();
            const QString where = u"%1, %2: "_s.arg(row).arg(column);
            if (const QString harm = harmIn(shown); !harm.isEmpty())
                return where + harm;
            if (const QString harm = harmIn(tip, true); !harm.isEmpty())
                return where + u"tool tip, "_s + harm;
            if (shown.size() > longestLine || tip.size() > 2 * longestTip)
                return where
                       + u"%1 characters, %2 in its tool tip"_s.arg(shown.size()).arg(tip.size());
            if (const QString harm = harmInModel(model, index); column == 0 && !harm.isEmpty())
                return harm;
        }
    }
    return {};
}

JournalEntry entryOf(const QString &text)
{
    return {.time = QDateTime::currentDateTimeUtc(),
            .kind = JournalEntry::Kind::Changed,
            .nameSpace = text,
            .service = text,
            .key = text,
            .instance = text,
            .difference = documentDifference(hostileInstance(text).document,
                                             hostileInstance(text + u'x').document),
            .error = Error{.endpoint = text, .detail = text}};
}

} // namespace

/// Text of a registry in what windows show and in what they write: cells and tool tips are plain
/// lines of a bounded length; exports have all of it.
class TestHostileModels : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void isShown_data() { texts(); }
    void isShown();
    void isExported_data() { texts(); }
    void isExported();
    void differenceIsBounded();
    void opensPagesOnly_data();
    void opensPagesOnly();
    void opensEachOnce();
    void journalIsOurs();
    void exportIsOurs();

private:
    static void texts()
    {
        QTest::addColumn<QString>("text");
        for (const auto &[tag, text] : hostileTexts())
            QTest::newRow(tag) << text;
    }
};

void TestHostileModels::isShown()
{
    QFETCH(QString, text);
    const Instance instance = hostileInstance(text);
    InstanceModel instances;
    instances.setFields({text, u"url"_s});
    instances.apply(updateOf({}, {rowOf(instance)}), Instance::Clock::now());
    QCOMPARE(instances.rowCount(), 1);
    QCOMPARE(harmInModel(instances), QString());
    for (int column = 0; column < instances.columnCount(); ++column)
        QCOMPARE(harmIn(instances.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString()),
                 QString());

    ServiceModel services;
    services.setServices({{text, text, {}}}, false);
    QCOMPARE(services.rowCount(services.index(0, 0)), 1);
    QCOMPARE(harmInModel(services), QString());

    JournalModel journal(10);
    QList<JournalEntry> entries;
    for (const auto kind :
         {JournalEntry::Kind::Joined, JournalEntry::Kind::Changed, JournalEntry::Kind::Node,
          JournalEntry::Kind::Ours, JournalEntry::Kind::Watch}) {
        entries.append(entryOf(text));
        entries.last().kind = kind;
        entries.last().what = JournalEntry::What::NoAnswer;
    }
    journal.append(entries);
    QCOMPARE(harmInModel(journal), QString());

    Registration registration;
    registration.service.name = text;
    registration.service.nameSpace = text;
    registration.document = instance.document;
    registration.lastError = Error{.endpoint = text, .detail = text};
    RegistrationModel registrations;
    registrations.setRegistrations({registration});
    QCOMPARE(harmInModel(registrations), QString());

    NodeModel nodes;
    nodes.setNodes({Node{
        .name = text, .version = text, .lastError = Error{.endpoint = text, .detail = text}}});
    QCOMPARE(harmInModel(nodes), QString());
}

/// Nothing is cut, and JSON means the same.
void TestHostileModels::isExported()
{
    QFETCH(QString, text);
    const QList<JournalEntry> entries{entryOf(text)};
    const QByteArray lines = journalAs(u"jsonl"_s, entries);
    QCOMPARE(lines.count('\n'), 1);
    QCOMPARE(harmIn(QString::fromUtf8(lines), true), QString());
    const auto fields = Json::fields(lines.trimmed());
    QVERIFY(fields);
    for (const Json::Field &field : *fields) {
        if (field.name == "service"_L1 && text.isValidUtf16())
            QCOMPARE(Json::text(field.value), text);
    }
    const QByteArray plain = journalAs(u"txt"_s, entries);
    QCOMPARE(plain.count('\n'), 1);
    QCOMPARE(harmIn(QString::fromUtf8(plain), true), QString());
    QVERIFY(plain.size() >= text.size());
}

void TestHostileModels::differenceIsBounded()
{
    const QByteArray name(1 << 20, 'n');
    const Difference difference =
        documentDifference("{\"" + name + "\":1}", "{\"" + name + "\":2}");
    QCOMPARE(difference.fields.size(), 1);
    QVERIFY(difference.fields.front().name.size() < 100);
    QVERIFY(difference.fields.front().name.endsWith(u'…'));
    const Difference many = documentDifference(instanceWithFields(100'000).document, "{}");
    QVERIFY(differenceText(many).size() < 1000);
}

void TestHostileModels::opensPagesOnly_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<bool>("opens");
    for (const char *url :
         {"http://a:80/x?y#z", "https://127.0.0.1", "HTTP://a", "http://[::1]:8080/"})
        QTest::newRow(url) << QString::fromLatin1(url) << true;
    for (const char *url :
         {"", "file:///etc/passwd", "javascript:alert(1)", "ssh://a", "smb://a/b", "mailto:a@b",
          "//a", "a:80", "/etc/passwd", "http:///x", "http:", "http://", "x-http://a", "httpx://a",
          "vnc://a", "http://a b/", "steam://run/1", " http://a", "data:text/html,x"})
        QTest::newRow(url) << QString::fromLatin1(url) << false;
    for (const auto &[tag, text] : hostileTexts())
        QTest::newRow(tag) << text << false;
    QTest::newRow("long") << u"http://a/"_s + QString(3000, u'x') << false;
}

void TestHostileModels::opensPagesOnly()
{
    QFETCH(QString, url);
    QTEST(webUrl(url).has_value(), "opens");
}

void TestHostileModels::opensEachOnce()
{
    QList<Row> rows;
    for (const QString &url : {u"http://a"_s, u"file:///x"_s, u"http://b"_s, u"http://a"_s}) {
        Instance instance;
        instance.url = url;
        rows.append(rowOf(instance));
    }
    QCOMPARE(webUrls(rows), QList<QUrl>({QUrl(u"http://a"_s), QUrl(u"http://b"_s)}));
}

void TestHostileModels::journalIsOurs()
{
    constexpr auto ours = QFile::ReadOwner | QFile::WriteOwner | QFile::ReadUser | QFile::WriteUser;
    QTemporaryDir folder;
    const QString path = folder.filePath(u"a/journal"_s);
    const auto permissionsOf = [](const QString &file) { return QFile::permissions(file); };
    QVERIFY(JournalFile(path, u"cluster"_s, 1000).append("{}\n").isEmpty());
    const QString file = path + u'/' + JournalFile::nameOf(u"cluster"_s);
    QCOMPARE(permissionsOf(file), ours);
    QCOMPARE(permissionsOf(path), ours | QFile::ExeOwner | QFile::ExeUser);

    // Those that a former version left.
    const QString other = path + u"/other.jsonl.1"_s;
    QVERIFY(QFile::copy(file, other));
    for (const QString &each : {file, other, path})
        QVERIFY(QFile::setPermissions(each, QFile::Permissions(0x7755)));
    QVERIFY(JournalFile(path, u"cluster"_s, 1000).append("{}\n").isEmpty());
    QCOMPARE(permissionsOf(file), ours);
    QCOMPARE(permissionsOf(other), ours);
    QCOMPARE(permissionsOf(path), ours | QFile::ExeOwner | QFile::ExeUser);
}

void TestHostileModels::exportIsOurs()
{
    QTemporaryDir folder;
    const QString path = folder.filePath(u"journal.jsonl"_s);
    QCOMPARE(exportJournal(path, {entryOf(u"a"_s)}), QString());
    QVERIFY(!(QFile::permissions(path) & (QFile::ReadGroup | QFile::ReadOther)));
}

QTEST_GUILESS_MAIN(TestHostileModels)
#include "tst_hostilemodels.moc"
