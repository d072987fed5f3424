// SPDX-License-Identifier: MIT
#include "scenario.h"

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

/// The text of a scenario and what it means.
class TestScenario : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void readsAll();
    void writesWhatItReads();
    void allowsComments();
    void tellsWhereItIsWrong_data();
    void tellsWhereItIsWrong();
    void countsLikeEditors();
    void makesServices();
    void changesDocuments();
    void comesFromRegistrations();
    void theExampleIsOne();
    void theSchemaSaysTheSame();

private:
    static QByteArray file(const QString &name)
    {
        QFile file(QStringLiteral(TESTS_DIR "/../resources/") + name);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    static Scenario scenario(const QByteArray &text)
    {
        const auto parsed = Scenario::parse(text);
        const auto *fault = std::get_if<Scenario::Fault>(&parsed);
        if (fault)
            qWarning() << fault->message();
        return fault ? Scenario() : std::get<Scenario>(parsed);
    }
    static QString fault(const QByteArray &text)
    {
        const auto parsed = Scenario::parse(text);
        const auto *fault = std::get_if<Scenario::Fault>(&parsed);
        return fault ? fault->message() : QString();
    }
    static ConnectionString connection(const QString &text)
    {
        return ConnectionString::parse(text).value();
    }
};

static const QByteArray everything = R"({
  "registrations": [
    {
      "name": "orders",
      "namespace": "/shop/eu",
      "count": 3,
      "port": 8101,
      "hostname": "10.0.0.1",
      "protocol": "https",
      "document": {
        "z": 1.50,
        "a": 9007199254740993
      },
      "ttl": 3,
      "heartbeat": 1.25,
      "whenTaken": "let-go",
      "behaviour": {
        "crashAfter": 20,
        "leaveAfter": 30.5,
        "pause": {
          "after": 1,
          "for": 2
        },
        "flap": {
          "every": 4,
          "for": 0.1
        },
        "change": {
          "field": "weight",
          "every": 5,
          "values": [
            1,
            "two",
            {
              "three": 3
            }
          ]
        }
      }
    },
    {
      "name": "web"
    }
  ]
}
)";

void TestScenario::readsAll()
{
    const Scenario read = scenario(everything);
    QCOMPARE(read.groups.size(), 2);
    Scenario::Group wanted;
    wanted.service = {.name = u"orders"_s,
                      .nameSpace = u"/shop/eu"_s,
                      .document = R"({"z":1.50,"a":9007199254740993})",
                      .hostname = u"10.0.0.1"_s,
                      .port = 8101,
                      .protocol = u"https"_s,
                      .ttl = 3s,
                      .heartbeat = 1250ms,
                      .whenTaken = Service::WhenTaken::LetGo};
    wanted.count = 3;
    wanted.behaviour = {.crashAfter = 20s,
                        .leaveAfter = 30500ms,
                        .pause = Scenario::Behaviour::Pause{1s, 2s},
                        .flap = Scenario::Behaviour::Flap{4s, 100ms},
                        .change = Scenario::Behaviour::Change{
                            u"weight"_s, 5s, {"1", R"("two")", R"({"three":3})"}}};
    QVERIFY(read.groups[0] == wanted);
    Scenario::Group plain;
    plain.service.name = u"web"_s;
    QVERIFY(read.groups[1] == plain);
}

void TestScenario::writesWhatItReads()
{
    QCOMPARE(scenario(everything).toText(), everything);
}

void TestScenario::allowsComments()
{
    const QByteArray text = R"(/* begin */ { // a "comment"
        "$schema": "x",
        "registrations": [{"name": "a // b", "document": {"/*": "*/", "c": "\"//"},}, /**/],
    } // end)";
    const Scenario read = scenario(text);
    QCOMPARE(read.groups.size(), 1);
    QCOMPARE(read.groups[0].service.name, u"a // b"_s);
    QCOMPARE(read.groups[0].service.document, R"({"/*":"*/","c":"\"//"})");
}

void TestScenario::tellsWhereItIsWrong_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("words"); // of the message
    const auto row = [](const char *name, const QByteArray &text, const char *words) {
        QTest::newRow(name) << text << QString::fromLatin1(words);
    };
    // With one registration, which begins at line 2
    const auto one = [&](const char *name, const QByteArray &fields, const char *words) {
        row(name, "{\"registrations\":[\n{\"name\":\"a\",\n" + fields + "}]}", words);
    };
    row("nothing", "", "Line 1, column 1: a value is missing");
    row("no JSON", "{\n  registrations: []}", "Line 2, column 3: a name in double quotes");
    row("no end", "{\n\"registrations\": [{}", "Line 2, column 21: a comma or ]");
    row("an open comment", "{} /* ", "Line 1, column 4: something follows");
    row("two commas", "{\"$schema\":1,,}", "Line 1, column 15: a name in double quotes");
    row("not UTF-8", "{\"a\":\"\xff\"}", "not UTF-8");
    row("not UTF-8 behind a line", "\n\xff{}", "not UTF-8");
    row("nothing", "", "Line 1, column 1");
    row("a line", "\n", "Line 2, column 1");
    row("a list", "\n []", "Line 2, column 2: an object is expected here");
    row("empty", "{}", "Line 1, column 1: registrations is missing");
    row("none", R"({"registrations":[]})", "Line 1, column 18: a list of at least one");
    row("no list", R"({"registrations":{}})", "Line 1, column 18: a list of at least one");
    row("no object", R"({"registrations":[1]})", "Line 1, column 19: an object is expected");
    row("no name", R"({"registrations":[{"port":1}]})", "Line 1, column 19: name is missing");
    row("unknown", "{\"registration\":\n[]}", "Line 1, column 2: there is no field registration");
    row("the first of two", "{\"a\":1,\n\"b\":2}", "Line 1, column 2: there is no field a");
    one("unknown here", R"( "port":1, "Count":1)", "Line 3, column 12: there is no field Count");
    one("twice", R"("port":1,"port":2)", "Line 3, column 10: port is here for the second time");
    one("a name", R"("namespace":1)", "Line 3, column 13: a text");
    one("an empty text", R"("hostname":"")", "Line 3, column 12: a text");
    one("a port", R"("port":"80")", "Line 3, column 8: a whole number from 1 to 65535");
    one("a fraction", R"("count":1.5)", "Line 3, column 9: a whole number");
    one("too few", R"("count":0)", "Line 3, column 9: a whole number");
    one("a negative time", R"("ttl":-1)", "Line 3, column 7: a number of seconds from 1 to");
    one("a short time", R"("heartbeat":0.01)", "Line 3, column 13: a number of seconds from 0.1");
    one("a time as a text", R"("ttl":"3s")", "Line 3, column 7: a number of seconds");
    one("a long time", R"("ttl":1e9)", "Line 3, column 7: a number of seconds");
    one("no document", R"("document":"{}")", "Line 3, column 12: an object is expected");
    one("taken", R"("whenTaken":"leave")", "Line 3, column 13: \"rejoin\" or \"let-go\"");
    one("a slow heartbeat", R"("ttl":4,"heartbeat":3)", "Line 3, column 21: the heartbeat must be");
    one("many ports", R"("port":65535,"count":2)", "Line 2, column 1: 2 ports from 65535 on");
    one("no ports", R"("count":2)", "Line 2, column 1: a would have the URL http://");
    one("a dot", R"("namespace":"a/..")", "Line 2, column 1: A part of a namespace");
    one("no behaviour", R"("behaviour":[])", "Line 3, column 13: an object is expected");
    const auto behaves = [&](const char *name, const QByteArray &behaviour, const char *words) {
        one(name, "\"behaviour\":{\n" + behaviour + '}', words);
    };
    behaves("unknown there", R"("crash":1)", "Line 4, column 1: there is no field crash here");
    behaves("at once", R"("crashAfter":0)", "Line 4, column 14: a number of seconds");
    behaves("half a pause", R"("pause":{"after":1})", "Line 4, column 9: for is missing");
    behaves("away for ever", R"("flap":{"every":1,"for":1})", "Line 4, column 8: what flaps");
    behaves("no values", R"("change":{"field":"x","every":1,"values":[]})",
            "Line 4, column 42: a list of at least one");
    behaves("another host", R"("change":{"field":"host","every":1})",
            "Line 2, column 1: host can't change");
    row("the same key", R"({"registrations":[
        {"name":"a","port":1,"count":3,"hostname":"h"},
        {"name":"b","port":1,"count":3,"hostname":"h"},
        {"name":"a","document":{"port":3,"hostname":"h"}}]})",
        "Line 4, column 9: a would have the URL http://h:3 of one at line 2");
    row("too many", R"({"registrations":[
        {"name":"a","port":1,"count":65535},{"name":"b","port":1,"count":34466}]})",
        "Line 2, column 45: these are more than 100000 instances");
}

void TestScenario::tellsWhereItIsWrong()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, words);
    const QString told = fault(text);
    QVERIFY2(told.contains(words), qPrintable(told));
}

/// Columns in UTF-16, whatever stands in comments and texts before.
void TestScenario::countsLikeEditors()
{
    QVERIFY(fault(R"({ /* äöü 😀 */ "x": 1})").startsWith(u"Line 1, column 16:"_s));
    QVERIFY(fault("{ // ä\n\"ä😀\": 1}").startsWith(u"Line 2, column 1:"_s));
    QVERIFY(fault("{\"$schema\": \"ä😀\", 1}").startsWith(u"Line 1, column 20:"_s));
}

void TestScenario::makesServices()
{
    const auto of = [](const QByteArray &group, const QString &connectionString) {
        return scenario("{\"registrations\":[" + group + "]}")
            .groups.value(0)
            .services(connection(connectionString));
    };
    const QList<Service> two =
        of(R"({"name":"a","namespace":"eu//x/","port":5,"count":2})", u"h/shop?ttl=6"_s);
    QCOMPARE(two.size(), 2);
    QCOMPARE(two[0].nameSpace, u"shop/eu/x"_s);
    QCOMPARE(two[0].port, 5);
    QCOMPARE(two[1].port, 6);
    QCOMPARE(two[1].ttl, 6s);
    QCOMPARE(two[1].heartbeat, 3s);
    QCOMPARE(of(R"({"name":"a","namespace":"/eu","ttl":3})", u"h/shop"_s)[0].nameSpace, u"eu"_s);
    QCOMPARE(of(R"({"name":"a","ttl":3})", u"h/shop"_s)[0].heartbeat, 1500ms);
    QCOMPARE(of(R"({"name":"a","ttl":3})", u"h/shop"_s)[0].nameSpace, u"shop"_s);
    QCOMPARE(of(R"({"name":"a","heartbeat":1})", u"h"_s)[0].nameSpace, QString());
    QCOMPARE(of(R"({"name":"a","heartbeat":1})", u"h"_s)[0].heartbeat, 1s);
}

void TestScenario::changesDocuments()
{
    const Scenario::Behaviour::Change inTurns{u"w"_s, 1s, {"50", "\"x\""}};
    QCOMPARE(inTurns.applied(R"({"w":1,"a":2})", 1), R"({"w":50,"a":2})");
    QCOMPARE(inTurns.applied(R"({"w":1,"a":2})", 2), R"({"w":"x","a":2})");
    QCOMPARE(inTurns.applied(R"({"w":1,"a":2})", 3), R"({"w":50,"a":2})");
    const Scenario::Behaviour::Change counts{u"w"_s, 1s, {}};
    QCOMPARE(counts.applied(R"({"a":2})", 7), R"({"a":2,"w":7})");
}

/// What is saved, applied with the same connection, gives the same services.
void TestScenario::comesFromRegistrations()
{
    const ConnectionString shop = connection(u"h/shop"_s);
    QList<Registration> registrations;
    const auto hold = [&](const Service &service) { registrations.append({.service = service}); };
    for (int port = 1; port <= 3; ++port)
        hold({.name = u"a"_s, .nameSpace = u"shop/eu"_s, .port = port});
    hold({.name = u"a"_s, .nameSpace = u"shop"_s, .document = R"({"x":1})", .port = 4});
    hold({.name = u"b"_s, .nameSpace = u"shopping"_s, .ttl = 3s, .heartbeat = 1500ms});
    hold({.name = u"c"_s, .nameSpace = u"shop"_s, .ttl = 10s, .heartbeat = 1s});
    const Scenario saved = Scenario::of(registrations, shop);
    QCOMPARE(saved.toText(), R"({
  "registrations": [
    {
      "name": "a",
      "namespace": "eu",
      "count": 3,
      "port": 1
    },
    {
      "name": "a",
      "port": 4,
      "document": {
        "x": 1
      }
    },
    {
      "name": "b",
      "namespace": "/shopping",
      "ttl": 3
    },
    {
      "name": "c",
      "ttl": 10,
      "heartbeat": 1
    }
  ]
}
)");
    QList<Service> services;
    for (const Scenario::Group &group : scenario(saved.toText()).groups)
        services += group.services(shop);
    QCOMPARE(services.size(), registrations.size());
    for (qsizetype i = 0; i < services.size(); ++i)
        QVERIFY(services[i] == registrations[i].service);
}

void TestScenario::theExampleIsOne()
{
    const Scenario example = scenario(file(u"demo/scenario.json"_s));
    QCOMPARE(example.groups.size(), 5);
    QVERIFY(scenario(example.toText()) == example);
}

/// Every object in the schema has exactly the fields that the parser knows, needs the same ones,
/// and has the same bounds. The parser lists its fields where it is given an unknown one.
void TestScenario::theSchemaSaysTheSame()
{
    const QJsonObject schema = QJsonDocument::fromJson(file(u"scenario.schema.json"_s)).object();
    const QJsonObject defs = schema["$defs"_L1].toObject();
    const QJsonObject behaviours = defs["behaviour"_L1]["properties"_L1].toObject();
    const QByteArray toGroup = R"({"registrations":[{"name":"a",)";
    const QByteArray toBehaviour = toGroup + R"("behaviour":{)";
    struct Object
    {
        QJsonObject schema;
        QByteArray before, after, valid; // text around its fields, and some that are right
    };
    const QList<Object> objects{
        {schema, "{", "}", R"("registrations":[{"name":"a"}])"},
        {defs["registration"_L1].toObject(), R"({"registrations":[{)", "}]}", R"("name":"a")"},
        {defs["behaviour"_L1].toObject(), toBehaviour, "}}]}", {}},
        {behaviours["pause"_L1].toObject(), toBehaviour + R"("pause":{)", "}}}]}",
         R"("after":1,"for":1)"},
        {behaviours["flap"_L1].toObject(), toBehaviour + R"("flap":{)", "}}}]}",
         R"("every":2,"for":1)"},
        {behaviours["change"_L1].toObject(), toBehaviour + R"("change":{)", "}}}]}",
         R"("field":"x","every":1)"}};
    for (const Object &object : objects) {
        QCOMPARE(fault(object.before + object.valid + object.after), QString());
        QVERIFY(!object.schema["additionalProperties"_L1].toBool(true));
        const QJsonObject properties = object.schema["properties"_L1].toObject();
        const QString unknown = fault(object.before + R"("?":0)" + object.after);
        QStringList known = unknown.section(u"there are "_s, 1).chopped(1).split(u", "_s);
        known.sort();
        QCOMPARE(known, properties.keys());

        QStringList required; // what the parser misses, one after the other
        QByteArray fields;
        static const QRegularExpression missing(u": (\\w+) is missing"_s);
        for (;;) {
            const QString name =
                missing.match(fault(object.before + fields + object.after)).captured(1);
            if (name.isEmpty() || required.contains(name))
                break;
            required += name;
            const QByteArray value =
                Json::fields('{' + object.valid + '}')->at(required.size() - 1).value;
            fields += (fields.isEmpty() ? "" : ",") + Json::quoted(name) + ':' + value;
        }
        QCOMPARE(required, object.schema["required"_L1].toVariant().toStringList());

        for (auto property = properties.begin(); property != properties.end(); ++property) {
            QJsonObject rules = property->toObject();
            if (rules["$ref"_L1].toString().endsWith("/seconds"_L1))
                rules = defs["seconds"_L1].toObject();
            if (!rules.contains("minimum"_L1))
                continue;
            const auto with = [&](double number) {
                return fault(object.before + Json::quoted(property.key()) + ':'
                             + QByteArray::number(number, 'g', 12) + object.after);
            };
            const double least = rules["minimum"_L1].toDouble();
            const double most = rules["maximum"_L1].toDouble();
            const QString range = u"from %1 to %2 is expected here"_s.arg(least).arg(int(most));
            for (const double bad : {least / 2, most + 1})
                QVERIFY2(with(bad).contains(range), qPrintable(property.key() + with(bad)));
            for (const double good : {least, most})
                QVERIFY2(!with(good).contains(range), qPrintable(property.key() + with(good)));
        }
    }
}

QTEST_GUILESS_MAIN(TestScenario)
#include "tst_scenario.moc"
