// SPDX-License-Identifier: MIT
#include "attempt.h"
#include "hostile.h"

#include <QElapsedTimer>
#include <QFile>
#include <QNetworkAccessManager>
#include <QNetworkReply>

using namespace EtcdRegistry;

using Answer = FakeServer::Answer;

#ifdef SANITIZED
constexpr bool sanitized = true; // its quarantine keeps what was freed
#else
constexpr bool sanitized = false;
#endif

namespace {

constexpr qint64 MiB = 1024 * 1024;

QString nameOf(Error::Code code)
{
    constexpr const char *names[] = {
        "InvalidArgument", "NotFound",     "Conflict",         "Taken",
        "LoginRequired",   "LoginRefused", "PermissionDenied", "Unreachable",
        "Timeout",         "Unavailable",  "NoLeader",         "Tls",
        "OutOfSpace",      "TooLarge",     "NotServed",        "OtherCluster",
        "Protocol"};
    return QLatin1StringView(names[int(code)]);
}

/// What is wrong with an error for people to read, if anything.
QString complaintAbout(const Error &error)
{
    const QString message = error.message();
    if (message.size() < 20 || message.size() > 600)
        return u"a message of %1 characters"_s.arg(message.size());
    if (error.detail.size() > 400)
        return u"a detail of %1 characters"_s.arg(error.detail.size());
    const auto isPrint = [](QChar c) { return c.isPrint(); };
    if (!std::ranges::all_of(message + error.detail, isPrint))
        return u"control characters"_s;
    if (!message.contains("http://127.0.0.1:"_L1))
        return u"no endpoint"_s;
    if (!message.endsWith(u'.'))
        return u"half a sentence"_s;
    return {};
}

/// Bytes of memory that are, or since forgetPeak() were at most, in use; 0 where nobody tells.
qint64 peakMemory()
{
    QFile status(u"/proc/self/status"_s);
    if (!status.open(QIODevice::ReadOnly))
        return 0;
    const QByteArray text = status.readAll();
    const qsizetype at = text.indexOf("VmHWM:");
    return at < 0 ? 0
                  : text.mid(at + 6, text.indexOf("kB", at) - at - 6).trimmed().toLongLong() * 1024;
}

bool forgetPeak()
{
    QFile references(u"/proc/self/clear_refs"_s);
    return references.open(QIODevice::WriteOnly | QIODevice::Unbuffered)
           && references.write("5") == 1;
}

} // namespace

/// What a node answers that is broken or means harm: each operation ends in time with an error
/// that people can read, or makes the best of it, and takes no more memory than stated.
class TestHostile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answers_data();
    void answers();
    void areMany();
    void dripsForEver_data();
    void dripsForEver();
};

void TestHostile::answers_data()
{
    QTest::addColumn<QByteArray>("operation");
    QTest::addColumn<Answer>("answer");
    QTest::addColumn<QString>("expected");
    QTest::addColumn<int>("mostMiB");
    for (const HostileAnswer &each : hostileAnswers()) {
        QTest::newRow((each.operation + ": " + each.tag).constData())
            << each.operation << each.answer << each.expected << each.mostMiB;
    }
}

void TestHostile::answers()
{
    QFETCH(QByteArray, operation);
    QFETCH(Answer, answer);
    QFETCH(QString, expected);
    QFETCH(int, mostMiB);
    const Operation &what = operations().at(operation);
    Scene scene(what.api);
    scene.hostilePath = what.path;
    scene.fails = !expected.contains(u'=');
    // Whoever waits in vain does not wait for long; else even a busy machine is in time.
    const bool waits = expected.contains("Timeout"_L1) || expected.contains("Unreachable"_L1)
                       || expected.contains("Unavailable"_L1);
    scene.options = waits ? u"&timeout=250&deadline=300"_s : u"&timeout=2000&deadline=4000"_s;
    answerSoundly(scene.node, what.api);
    if (what.second)
        scene.node.on(what.path, answer);
    else
        scene.node.set(what.path, answer);

    const bool measured = forgetPeak();
    const qint64 before = peakMemory();
    QElapsedTimer timer;
    timer.start();
    const Outcome outcome = what.run(scene);
    const qint64 grown = (peakMemory() - before) / MiB;
    scene.registry.reset();
    QVERIFY2(timer.elapsed() < 15000, qPrintable(QString::number(timer.elapsed())));

    const QString told = outcome.error ? nameOf(outcome.error->code) : u'=' + outcome.value;
    const auto isExpected = [&](const QString &one) {
        return one.endsWith(u'*') ? told.startsWith(one.chopped(1)) : told == one;
    };
    QVERIFY2(std::ranges::any_of(expected.split(u'|'), isExpected), qPrintable(told));
    if (outcome.error)
        QCOMPARE(complaintAbout(*outcome.error), QString());
    if (measured && !sanitized)
        QVERIFY2(grown <= mostMiB, qPrintable(u"%1 MiB"_s.arg(grown)));
}

void TestHostile::areMany()
{
    QVERIFY(hostileAnswers().size() >= 100);
}

/// The node lives, and sends what it was asked for a little at a time: it is given up once the
/// deadline is over.
void TestHostile::dripsForEver_data()
{
    QTest::addColumn<Answer>("answer");
    const auto after = [](const QByteArray &bytes) {
        return Answer{.bytes = bytes, .more = [] { return QByteArray("x"); }, .every = 20ms};
    };
    QTest::newRow("body") << after("HTTP/1.1 200 OK\r\n\r\n");
    QTest::newRow("head") << after("HTTP/1.1 200 OK\r\nX: ");
    QTest::newRow("nothing") << FakeServer::hang();
}

void TestHostile::dripsForEver()
{
    QFETCH(Answer, answer);
    FakeServer node;
    node.on("/", answer);
    QNetworkAccessManager network;
    network.setAutoDeleteReplies(false);
    std::optional<Result<HttpReply>> result;
    QElapsedTimer timer;
    timer.start();
    auto *attempt = new Attempt(
        network.get(QNetworkRequest(node.url())), node.url(), 100ms,
        [&](Result<HttpReply> reply) { result = std::move(reply); }, this);
    attempt->beLarge(QDeadlineTimer(500), QDeadlineTimer(QDeadlineTimer::Forever),
                     [](const auto &tell) { tell(true); });
    QTRY_VERIFY_WITH_TIMEOUT(result, 3000);
    QCOMPARE(result->error().code, Error::Code::Timeout);
    QVERIFY2(timer.elapsed() >= 500, qPrintable(QString::number(timer.elapsed())));
}

QTEST_GUILESS_MAIN(TestHostile)
#include "tst_hostile.moc"
