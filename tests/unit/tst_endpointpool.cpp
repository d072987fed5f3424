// SPDX-License-Identifier: MIT
#include "endpointpool.h"

#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

/// A script of one word per step drives a pool over the nodes a to f and a clock:
///   +a, -a   a answers, fails            @750    750 ms pass
///   ~a, *a   a is overtaken, answers a ping
///   !a       a answers what is of no use
///   m:a,b    the members are a and b     ?abc    the order is a, b, c
class TestEndpointPool : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void order_data();
    void order();
    void isHealthy();
    void pingsWhoeverIsInDoubt();
    void spreadsBackOffs();
    void patience();
    void membersAreNormalised();
    void firstSampleCountsWhole();
    void whoBelongs();
};

namespace {

QUrl url(QChar name)
{
    return QUrl(u"http://%1:2379"_s.arg(name));
}

} // namespace

void TestEndpointPool::order_data()
{
    QTest::addColumn<QString>("seeds");
    QTest::addColumn<QString>("script");
    const auto row = [](const char *name, const char *seeds, const char *script) {
        QTest::newRow(name) << QString::fromLatin1(seeds) << QString::fromLatin1(script);
    };
    row("seeds come as given", "cab", "?cab");
    row("the one that answered leads", "abc", "+c ?cab");
    row("the one that answered last leads", "abc", "+c @1 +b @1 ?bca @1 +c ?cba");
    row("a failed one goes to the end", "abc", "-a ?bca");
    row("untried before failed, after healthy", "abc", "-a +c ?cba");
    row("nobody is ever left out", "abc", "-a -b -c ?abc");
    row("failed ones by the end of their back-off", "abc", "-b @1 -a @1 -c ?bac");
    row("250 ms after the first failure", "ab", "-b @200 -a ?ba @50 ?ba");
    row("back-off over goes before back-off", "ab", "-a -a -a @999 -b ?ab @1 ?ab");
    row("doubled with each failure", "ab", "-a -a @260 -b ?ab @250 ?ab");
    row("a second failure waits longer than a later first one", "ab", "-a -a @100 -b ?ba");
    row("4 s at most", "ab", "-a -a -a -a -a -a -a -a -a -a -a @3700 -b ?ba @51 -b -b ?ab");
    row("doubted after healthy and untried", "abc", "+a +b ~b ?acb");
    row("doubted before failed", "abc", "-a ~b +c ?cba");
    row("an answer ends the doubt", "ab", "+a @1 +b ~b ?ab @1 +b ?ba");
    row("a ping brings it back, not to the front", "abc", "+a @1 +b -a ?bca *a ?bac");
    row("a ping ends the doubt", "abc", "+a ~a ?bca *a ?abc");
    row("an answer forgets all failures", "ab", "-a -a -a -a -a +a ?ab -a @1 -b ?ab");
    row("healthy before recovered", "ab", "+b -a @9000 ?ba");
    row("untried before recovered", "ab", "-a @9000 ?ba");
    row("members before seeds", "ab", "m:c,d ?cdab");
    row("a seed that is a member is one", "ab", "m:b,c ?bca");
    row("health before membership", "ab", "+a m:b,c ?abc");
    row("members first among healthy ones", "ab", "+b @1 +a m:b,c ?bac");
    row("members first among failed ones", "ab", "-a @9000 m:c -c @9000 ?bca");
    row("a member that left is forgotten", "a", "m:a,b,c ?abc m:a,c ?ac");
    row("with its past", "a", "m:b -b m:c m:c,b ?cba");
    row("a seed that left is kept", "ab", "m:a,b m:b ?ba");
    row("with its past", "ab", "-a m:a,b m:b m:a,b ?ba");
    row("no members change nothing", "ab", "m:c m: ?cab");
    row("duplicate members are one", "a", "m:b,b,a ?ba");
    row("what is of no use comes last", "abc", "!a -b -c @9000 ?bca");
    row("a ping does not make it useful", "ab", "!a *a -b ?ba");
    row("an answer does", "ab", "!a +a ?ab");
    row("news of strangers is dropped", "ab", "+z -y ?ab");
}

void TestEndpointPool::order()
{
    QFETCH(QString, seeds);
    QFETCH(QString, script);
    EndpointPool::Clock::time_point now{1h};
    QList<QUrl> urls;
    for (const QChar name : seeds)
        urls.append(url(name));
    EndpointPool pool(
        urls, [&] { return now; }, [] { return 1.0; });

    int asked = 0;
    for (const auto &step : script.split(u' ')) {
        const auto rest = step.sliced(1);
        switch (step[0].toLatin1()) {
        case '+':
            pool.succeeded(url(rest[0]));
            break;
        case '-':
            pool.failed(url(rest[0]), Error{.code = Error::Code::Unreachable});
            break;
        case '!':
            pool.failed(url(rest[0]), {.code = Error::Code::NotServed, .httpStatus = 404});
            break;
        case '~':
            pool.overtaken(url(rest[0]), 1ms);
            break;
        case '*':
            pool.revived(url(rest[0]));
            break;
        case '@':
            now += std::chrono::milliseconds(rest.toInt());
            break;
        case 'm': {
            QList<QUrl> members;
            for (const auto &name : rest.sliced(1).split(u',', Qt::SkipEmptyParts))
                members.append(url(name[0]));
            pool.setMembers(members);
            break;
        }
        case '?': {
            QString order;
            for (const auto &endpoint : pool.order())
                order += endpoint.host();
            QCOMPARE(order, rest);
            ++asked;
            break;
        }
        default:
            QFAIL("no such step");
        }
    }
    QVERIFY(asked > 0);
}

void TestEndpointPool::isHealthy()
{
    EndpointPool pool({url(u'a')});
    QVERIFY(!pool.isHealthy(url(u'a')));
    pool.succeeded(url(u'a'));
    QVERIFY(pool.isHealthy(url(u'a')));
    pool.failed(url(u'a'), {});
    QVERIFY(!pool.isHealthy(url(u'a')));
    QVERIFY(!pool.isHealthy(url(u'z')));
}

void TestEndpointPool::pingsWhoeverIsInDoubt()
{
    EndpointPool::Clock::time_point now{1h};
    EndpointPool pool(
        {url(u'a'), url(u'b'), url(u'c')}, [&] { return now; }, [] { return 1.0; });
    QCOMPARE(pool.toPing(), QList<QUrl>());
    QVERIFY(!pool.nextPing({}));

    pool.overtaken(url(u'a'), 1ms);
    QCOMPARE(pool.toPing(), QList{url(u'a')}); // at once
    QVERIFY(!pool.nextPing({url(u'a')}));
    pool.revived(url(u'a'));
    QCOMPARE(pool.toPing(), QList<QUrl>());

    pool.failed(url(u'b'), Error{.code = Error::Code::Timeout});
    QCOMPARE(pool.toPing(), QList<QUrl>());
    QVERIFY(pool.nextPing({}) == now + 250ms);
    now += 250ms;
    QCOMPARE(pool.toPing(), QList{url(u'b')});
    pool.failed(url(u'b'), Error{.code = Error::Code::Timeout});
    QVERIFY(pool.nextPing({}) == now + 500ms);

    // It lives: a ping would tell nothing.
    pool.failed(url(u'c'), Error{.code = Error::Code::Unavailable, .httpStatus = 503});
    QVERIFY(pool.nextPing({url(u'b')}) == std::nullopt);
}

void TestEndpointPool::spreadsBackOffs()
{
    EndpointPool::Clock::time_point now{1h};
    QSet<qint64> pauses;
    for (int i = 0; i < 20; ++i) {
        EndpointPool pool({url(u'a')}, [&] { return now; });
        pool.failed(url(u'a'), Error{.code = Error::Code::Timeout});
        const auto pause = *pool.nextPing({}) - now;
        QVERIFY(pause >= 187ms && pause <= 313ms);
        pauses.insert(pause.count());
    }
    QVERIFY(pauses.size() > 10);
}

void TestEndpointPool::patience()
{
    EndpointPool pool({url(u'a')});
    const auto patience = [&] { return pool.patience(url(u'a')); };
    QCOMPARE(patience(), 100ms);
    pool.succeeded(url(u'a'), 3ms);
    QCOMPARE(patience(), 100ms);
    for (int i = 0; i < 40; ++i)
        pool.succeeded(url(u'a'), 200ms);
    QVERIFY(patience() > 750ms && patience() <= 800ms);
    pool.succeeded(url(u'a')); // a long one says nothing
    QVERIFY(patience() > 750ms);
    for (int i = 0; i < 40; ++i)
        pool.succeeded(url(u'a'), 2ms);
    QCOMPARE(patience(), 100ms);
    for (int i = 0; i < 40; ++i) // where all nodes are slow, none is asked twice for ever
        pool.overtaken(url(u'a'), 150ms);
    QVERIFY(patience() > 500ms);
}

void TestEndpointPool::membersAreNormalised()
{
    EndpointPool pool({url(u'a')});
    pool.setMembers({QUrl(u"http://a:2379/"_s), QUrl(u"http://b:2379/x?y#z"_s)});
    QCOMPARE(pool.order(), (QList<QUrl>{url(u'a'), url(u'b')}));
}

/// Over a line with 50 ms three nodes would be asked for each page otherwise.
void TestEndpointPool::firstSampleCountsWhole()
{
    EndpointPool pool({url(u'a')});
    pool.succeeded(url(u'a'), 50ms);
    QCOMPARE(pool.patience(url(u'a')), 200ms);
    pool.succeeded(url(u'a'), 10ms);
    QCOMPARE(pool.patience(url(u'a')), 180ms);
}

void TestEndpointPool::whoBelongs()
{
    const QUrl a = url(u'a'), b = url(u'b'), c = url(u'c');
    EndpointPool::Clock::time_point now{1h};
    EndpointPool pool({a, b, c}, [&] { return now; });
    QVERIFY(!pool.isProven(a));
    QVERIFY(pool.belongs(a, 1)); // the first one says for all
    QCOMPARE(pool.clusterId(), 1);
    QVERIFY(pool.isProven(a));
    QVERIFY(!pool.belongs(b, 2));
    QVERIFY(!pool.isProven(b));
    QVERIFY(!pool.isReplaced()); // it never was of ours
    now += 10s;
    QVERIFY(!pool.isProven(a));
    QVERIFY(!pool.followReplacement());

    QVERIFY(pool.belongs(a, 1) && pool.belongs(c, 1));
    pool.failed(a, {});
    QVERIFY(!pool.isProven(a)); // it may be another one when it comes back
    QVERIFY(!pool.belongs(a, 2));
    QVERIFY(pool.isReplaced());
    QVERIFY(!pool.followReplacement()); // c was there a moment ago
    now += 3s;
    QVERIFY(pool.belongs(c, 1));
    QVERIFY(!pool.followReplacement());
    now += 3s;
    QVERIFY(pool.followReplacement());
    QCOMPARE(pool.clusterId(), 2);
    QVERIFY(!pool.belongs(c, 1)); // and now this one is left behind
    QVERIFY(pool.belongs(b, 2));
}

QTEST_GUILESS_MAIN(TestEndpointPool)
#include "tst_endpointpool.moc"
