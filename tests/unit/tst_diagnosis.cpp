// SPDX-License-Identifier: MIT
#include "diagnosis.h"
#include "layout.h"

#include <QTest>

#include <algorithm>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using Code = Error::Code;

/// What a doctor says of what it was told: one fault a row, and nothing but that is found.
class TestDiagnosis : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void findsFaults_data();
    void findsFaults();
    void saysWhatAndWhere();
    void groupsInstances();
    void saysWhatIsFine();
    void saysWhatWasNotSeen();
    void saysWhatToDo();
};

namespace {

Entry entry(const QString &name, const QString &hostname = u"10.0.0.1"_s, int port = 80)
{
    const auto record =
        *Layout::encode({.name = name, .nameSpace = u"shop"_s, .hostname = hostname, .port = port});
    return {.key = record.key, .value = record.value, .hasTtl = true};
}

Snapshot registry(const QList<Entry> &entries)
{
    return {.instances = Layout::decodeAll(entries, Api::V2, {})};
}

Node node(const QString &endpoint)
{
    return {.endpoint = QUrl(endpoint),
            .id = u"1"_s,
            .name = u"n1"_s,
            .asked = true,
            .reachable = true,
            .version = u"3.4.23"_s,
            .clockAhead = 700ms};
}

Error error(Code code, const QString &endpoint = u"http://10.0.0.1:4001"_s)
{
    return {.code = code, .endpoint = endpoint, .detail = u"a reason"_s};
}

Observations healthy()
{
    return {.connection = *ConnectionString::parse(u"10.0.0.1,10.0.0.2/shop"_s),
            .opened = Cluster{Api::V2, u"3.4.23"_s},
            .nodes = {node(u"http://10.0.0.1:4001"_s), node(u"http://10.0.0.2:4001"_s)},
            .registry = registry({entry(u"web"_s), entry(u"orders"_s)})};
}

template <typename Change>
Observations healthyBut(Change change)
{
    Observations seen = healthy();
    change(seen);
    return seen;
}

Node unreachable(const QString &endpoint, Code code = Code::Unreachable)
{
    return {.endpoint = QUrl(endpoint), .asked = true, .lastError = error(code, endpoint)};
}

Findings faultsIn(const Observations &seen)
{
    Findings findings = diagnose(seen);
    findings.removeIf(
        [](const Finding &finding) { return finding.severity == Finding::Severity::Ok; });
    return findings;
}

} // namespace

void TestDiagnosis::findsFaults_data()
{
    using Check = Finding::Check;
    QTest::addColumn<Observations>("seen");
    QTest::addColumn<QList<Check>>("checks");
    const auto row = [](const char *tag, const QList<Check> &checks, auto change) {
        QTest::newRow(tag) << healthyBut(change) << checks;
    };
    row("none", {}, [](Observations &) {});

    // Nodes
    row("a node is dead", {Check::Reach},
        [](Observations &seen) { seen.nodes[1] = unreachable(u"http://10.0.0.2:4001"_s); });
    row("a member is elsewhere", {Check::Reach},
        [](Observations &seen) { seen.nodes += unreachable(u"http://10.0.0.3:4001"_s); });
    row("a member says localhost", {Check::Membership},
        [](Observations &seen) { seen.nodes += unreachable(u"http://localhost:4001"_s); });
    row("a host of the connection is localhost, and dead", {Check::Reach}, [](Observations &seen) {
        seen.connection.endpoints += QUrl(u"http://localhost:4001"_s);
        seen.nodes += unreachable(u"http://localhost:4001"_s);
    });
    row("a member has not started", {Check::Membership}, [](Observations &seen) {
        seen.nodes += Node{.id = u"7"_s, .lastError = error(Code::Unreachable)};
    });
    row("a node of another cluster", {Check::Membership},
        [](Observations &seen) { seen.nodes[1].lastError = error(Code::Protocol); });
    row("a certificate is refused", {Check::Tls}, [](Observations &seen) {
        seen.nodes[1] = unreachable(u"http://10.0.0.2:4001"_s, Code::Tls);
    });
    const auto odd = [&](const char *tag, Check check, Node::Kind kind) {
        row(tag, {check}, [kind](Observations &seen) {
            seen.nodes[1] = unreachable(u"http://10.0.0.2:4001"_s, Code::Protocol);
            seen.nodes[1].kind = kind;
        });
    };
    odd("a peer port", Check::Reach, Node::Kind::PeerPort);
    odd("gRPC only", Check::Reach, Node::Kind::GrpcOnly);
    odd("https is wanted", Check::Reach, Node::Kind::WantsHttps);
    odd("http is wanted", Check::Tls, Node::Kind::WantsHttp);
    odd("a web server", Check::Reach, Node::Kind::WebServer);
    row("v2 is off on one node", {Check::Api}, [](Observations &seen) {
        seen.nodes[0].servesV2 = true;
        seen.nodes[1].servesV2 = false;
    });
    row("v2 is off on all", {}, [](Observations &seen) {
        seen.opened = Cluster{Api::V3, u"3.4.23"_s};
        for (Node &node : seen.nodes)
            node.servesV2 = false;
    });
    row("no gateway", {Check::Api, Check::Read}, [](Observations &seen) {
        seen.opened = Cluster{Api::V3, u"3.4.23"_s};
        seen.nodes[0].servesV3 = false;
        seen.registry = error(Code::PermissionDenied);
    });
    row("no gateway explains what is not served", {Check::Api}, [](Observations &seen) {
        seen.opened = Cluster{Api::V3, u"3.4.23"_s};
        seen.nodes[0].servesV3 = false;
        seen.registry = error(Code::NotServed);
    });
    row("no gateway, which v2 does not need", {},
        [](Observations &seen) { seen.nodes[0].servesV3 = false; });
    row("a learner", {Check::Membership}, [](Observations &seen) { seen.nodes[1].learner = true; });
    row("only a learner", {Check::Membership}, [](Observations &seen) {
        seen.connection.endpoints.removeLast();
        seen.nodes[0].learner = true;
        seen.registry = error(Code::Unavailable);
        seen.write = error(Code::Unavailable);
    });
    row("versions differ", {Check::Version},
        [](Observations &seen) { seen.nodes[1].version = u"3.5.1"_s; });
    row("no etcd", {Check::Version}, [](Observations &seen) { seen.nodes[1].version.clear(); });
    row("no v2 any more", {Check::Version}, [](Observations &seen) {
        for (Node &node : seen.nodes)
            node.version = u"3.6.0"_s;
    });
    row("too old for v3", {Check::Version}, [](Observations &seen) {
        seen.opened = Cluster{Api::V3, u"3.2.9"_s};
        for (Node &node : seen.nodes)
            node.version = u"3.2.9"_s;
    });
    row("a clock is ahead", {Check::Clock},
        [](Observations &seen) { seen.nodes[1].clockAhead = 3s; });
    row("a clock is behind", {Check::Clock},
        [](Observations &seen) { seen.nodes[1].clockAhead = -3s; });
    row("a clock is almost right", {}, [](Observations &seen) {
        seen.nodes[0].clockAhead = -2900ms;
        seen.nodes[1].clockAhead.reset();
    });
    row("no leader", {Check::Leader}, [](Observations &seen) {
        seen.nodes[0].troubles = QStringList{u"etcdserver: no leader"_s};
        seen.write = error(Code::Unavailable);
        seen.watch = error(Code::Unavailable);
    });
    row("no majority, and nobody says so", {Check::Leader},
        [](Observations &seen) { seen.write = error(Code::Timeout); });
    row("no leader to list", {Check::Leader}, [](Observations &seen) {
        seen.nodes[0].troubles = QStringList{u"etcdserver: no leader"_s};
        seen.registry = error(Code::Unavailable);
    });
    row("full", {Check::Alarm}, [](Observations &seen) {
        for (Node &node : seen.nodes)
            node.troubles = QStringList{u"alarm:NOSPACE"_s};
        seen.write = error(Code::OutOfSpace);
    });
    row("corrupt", {Check::Alarm},
        [](Observations &seen) { seen.nodes[0].troubles = QStringList{u"alarm:CORRUPT"_s}; });

    // The connection
    row("not served", {Check::Api},
        [](Observations &seen) { seen.opened = error(Code::NotServed); });
    row("files of TLS", {Check::Tls}, [](Observations &seen) {
        seen.opened = error(Code::Tls, {});
        seen.nodes.clear();
    });
    row("discovery fails", {Check::Reach}, [](Observations &seen) {
        seen.opened = error(Code::Unreachable, {});
        seen.nodes.clear();
    });
    row("nobody is there", {Check::Reach, Check::Reach}, [](Observations &seen) {
        seen.opened = error(Code::Unreachable);
        seen.nodes = {unreachable(u"http://10.0.0.1:4001"_s),
                      unreachable(u"http://10.0.0.2:4001"_s)};
    });
    row("both stores", {Check::Api}, [](Observations &seen) { seen.inOtherStore = 1; });
    row("login refused", {Check::Read}, [](Observations &seen) {
        seen.registry = error(Code::LoginRefused);
        seen.write = error(Code::LoginRefused);
    });
    row("no login", {Check::Read},
        [](Observations &seen) { seen.registry = error(Code::LoginRequired); });
    row("may not write", {Check::Write},
        [](Observations &seen) { seen.write = error(Code::PermissionDenied); });
    row("may not watch", {Check::Watch},
        [](Observations &seen) { seen.watch = error(Code::PermissionDenied); });

    row("a watch that does not begin", {Check::Watch}, [](Observations &seen) {
        seen.watch = error(Code::Timeout);
        seen.isWatchSilent = true;
    });
    row("a certificate with a name", {Check::Tls, Check::Leader, Check::Alarm},
        [](Observations &seen) {
            seen.connection = *ConnectionString::parse(u"https://10.0.0.1/shop"_s);
            Error refused = error(Code::Tls);
            refused.detail = u"CommonName of client sending a request against gateway"_s;
            seen.nodes = {node(u"https://10.0.0.1:4001"_s)};
            seen.nodes[0].unseen = refused;
            seen.registry = refused;
            seen.write = refused;
        });

    // The registry
    row("a directory that expires", {Check::Ttl}, [](Observations &seen) {
        seen.directoryTtls = {{u"services/shop/"_s, 15}};
    });
    row("two owners", {Check::Owner},
        [](Observations &seen) { seen.contested = QStringList{u"services/shop/web/1"_s}; });
    row("a slash before it", {Check::Namespace},
        [](Observations &seen) { seen.withLeadingSlash = 1; });
    row("other namespaces", {Check::Namespace}, [](Observations &seen) {
        seen.registry = Snapshot();
        seen.otherNamespaces = QStringList{u"Shop"_s};
    });
    row("a new namespace", {}, [](Observations &seen) { seen.registry = Snapshot(); });
    row("no TTL", {Check::Ttl}, [](Observations &seen) {
        Entry forever = entry(u"web"_s);
        forever.hasTtl = false;
        seen.registry = registry({forever});
    });
    const auto with = [&](const char *tag, Check check, const Entry &more) {
        row(tag, {check}, [more](Observations &seen) {
            seen.registry = registry({entry(u"web"_s), more});
        });
    };
    Entry broken = entry(u"db"_s);
    broken.value = "no JSON";
    with("no object", Check::Document, broken);
    broken.value = entry(u"db"_s, u"10.0.0.1"_s, 81).value;
    with("another key", Check::Document, broken);
    with("no key of ours", Check::Document,
         {.key = u"services/shop/x"_s, .value = "{}", .hasTtl = true});
    Entry twin = entry(u"a b"_s);
    row("names with one place", {Check::Name}, [twin](Observations &seen) {
        seen.registry = registry({entry(u"a.b"_s), twin});
    });
    with("host 127.0.0.1", Check::Host, entry(u"db"_s, u"127.0.0.1"_s));
    with("host localhost", Check::Host, entry(u"db"_s, u"localhost"_s));
    with("host ::1", Check::Host, entry(u"db"_s, u"[::1]"_s));
    with("host 0.0.0.0", Check::Host, entry(u"db"_s, u"0.0.0.0"_s));
    with("host ::", Check::Host, entry(u"db"_s, u"[::]"_s));
    const auto document = [&](const char *tag, const QByteArray &fields) {
        const auto record = *Layout::encode(
            {.name = u"db"_s, .nameSpace = u"shop"_s, .document = '{' + fields + '}'});
        with(tag, Check::Host, {.key = record.key, .value = record.value, .hasTtl = true});
    };
    document("no URL", R"("hostname":"10.0.0.1","port":80,"url":"10.0.0.1:80")");
    document("a URL with blanks", R"("hostname":"h","port":80,"url":"http://h :80")");
    document("a URL without a host", R"("hostname":"10.0.0.1","port":80,"url":"http://:80")");
    document("no port", R"("hostname":"10.0.0.1")");
    document("another port", R"("hostname":"10.0.0.1","port":80,"url":"http://10.0.0.1:81")");
    document("another host", R"("hostname":"10.0.0.1","port":80,"url":"http://10.0.0.2:80")");
    document("another host:port",
             R"("host":"10.0.0.1:81","url":"http://10.0.0.1:80","hostname":"10.0.0.1")");
    document("a bare IPv6 address",
             R"("host":"fe80::1:80","url":"http://fe80::1:80","hostname":"fe80::1")");
    with("an IPv6 address", Check::Host, entry(u"db"_s, u"[::1]"_s));
    row("an IPv6 address elsewhere", {},
        [](Observations &seen) { seen.registry = registry({entry(u"db"_s, u"[fe80::1]"_s)}); });
    Entry garbled = entry(u"db"_s);
    garbled.key.replace(u"db"_s, QString(QChar(QChar::ReplacementCharacter)));
    row("a key that is not UTF-8", {Check::Document},
        [garbled](Observations &seen) { seen.registry = registry({garbled}); });
    row("all on one machine", {}, [](Observations &seen) {
        seen.connection = *ConnectionString::parse(u"localhost/shop"_s);
        seen.nodes = {node(u"http://localhost:4001"_s)};
        seen.registry = registry({entry(u"web"_s, u"127.0.0.1"_s)});
    });
}

void TestDiagnosis::findsFaults()
{
    QFETCH(Observations, seen);
    QList<Finding::Check> found;
    for (const Finding &finding : faultsIn(seen)) {
        found += finding.check;
        QVERIFY(!finding.where.isEmpty());
        QVERIFY2(finding.what.endsWith(u'.') || finding.what.endsWith(u')'),
                 qPrintable(finding.what));
        QVERIFY(finding.advice.isEmpty() || finding.advice.endsWith(u'.'));
    }
    QTEST(found, "checks");
}

void TestDiagnosis::saysWhatAndWhere()
{
    Observations seen = healthy();
    seen.nodes[1] = unreachable(u"http://10.0.0.2:4001"_s);
    const Finding dead = faultsIn(seen).constFirst();
    QCOMPARE(dead.severity, Finding::Severity::Error);
    QCOMPARE(dead.where, u"http://10.0.0.2:4001"_s);
    QVERIFY(dead.what.contains(u"a reason"_s));

    seen = healthy();
    seen.registry = registry({entry(u"a b"_s), entry(u"a.b"_s)});
    const Finding twins = faultsIn(seen).constFirst();
    QCOMPARE(twins.where, u"services/shop/a-b/"_s);
    QVERIFY(twins.what.contains(u"a b, a.b"_s) || twins.what.contains(u"a.b, a b"_s));
}

/// A thousand zombies of one service are one line.
void TestDiagnosis::groupsInstances()
{
    QList<Entry> entries;
    for (int port = 1; port <= 1000; ++port)
        entries += entry(port % 2 ? u"web"_s : u"db"_s, u"10.0.0.1"_s, port);
    entries += entry(u"single"_s);
    for (Entry &each : entries)
        each.hasTtl = false;
    Observations seen = healthy();
    seen.registry = registry(entries);
    const Findings found = faultsIn(seen);
    QCOMPARE(found.size(), 3);
    QCOMPARE(found[0].where, u"services/shop/db/"_s);
    QVERIFY(found[0].what.contains(u"500"_s));
    QCOMPARE(found[1].where, entries.constLast().key);
    QCOMPARE(found[2].where, u"services/shop/web/"_s);
}

void TestDiagnosis::saysWhatIsFine()
{
    const Findings fine = diagnose(healthy());
    QVERIFY(fine.size() > 10);
    QVERIFY(std::ranges::is_sorted(fine, {}, &Finding::check));
    QVERIFY(std::ranges::all_of(
        fine, [](const Finding &finding) { return finding.severity == Finding::Severity::Ok; }));

    Observations lost = healthy();
    lost.opened = error(Code::Unreachable);
    lost.nodes = {unreachable(u"http://10.0.0.1:4001"_s)};
    QCOMPARE(diagnose(lost), faultsIn(lost)); // nothing can be said to be fine
}

/// Who may not see something is not told that all is well.
void TestDiagnosis::saysWhatWasNotSeen()
{
    using Check = Finding::Check;
    Observations seen = healthy();
    for (Node &node : seen.nodes)
        node.unseen = error(Code::PermissionDenied);
    seen.write = error(Code::PermissionDenied); // which would take a leader
    seen.membersUnseen = error(Code::LoginRequired);
    seen.namespacesUnseen = error(Code::PermissionDenied);
    QList<Check> unknown;
    for (const Finding &finding : diagnose(seen)) {
        if (finding.severity == Finding::Severity::Unknown) {
            unknown += finding.check;
            QVERIFY2(finding.what.contains(u"could not be seen"_s), qPrintable(finding.what));
        }
    }
    QCOMPARE(unknown, (QList{Check::Membership, Check::Leader, Check::Alarm, Check::Namespace}));
    seen.nodes[1].unseen.reset(); // each tells those of all
    seen.nodes[0].hasLeader = true;
    unknown.clear();
    for (const Finding &finding : diagnose(seen)) {
        if (finding.severity == Finding::Severity::Unknown)
            unknown += finding.check;
    }
    QCOMPARE(unknown, (QList{Check::Membership, Check::Namespace}));
}

void TestDiagnosis::saysWhatToDo()
{
    Observations seen = healthy();
    seen.watch = error(Code::Timeout);
    seen.isWatchSilent = true;
    QVERIFY(faultsIn(seen).constFirst().advice.contains(u"proxy_buffering off"_s));
    seen = healthy();
    seen.write = error(Code::PermissionDenied);
    QVERIFY(faultsIn(seen).constFirst().advice.contains(u"right on services/shop/"_s));
    seen = healthy();
    seen.nodes[0].learner = true;
    QVERIFY(faultsIn(seen).constFirst().advice.contains(u"voting member"_s));
}

QTEST_GUILESS_MAIN(TestDiagnosis)
#include "tst_diagnosis.moc"
