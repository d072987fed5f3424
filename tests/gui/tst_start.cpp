// SPDX-License-Identifier: MIT
#include "utf8locale.h"

#include <QProcess>
#include <QTest>

#include <clocale>
#include <langinfo.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

/// Both programs as they start where there is next to nothing: no display, no UTF-8.
class TestStart : public QObject
{
    Q_OBJECT

    struct Ended
    {
        int code = -1; ///< -1: by a signal
        QByteArray output, errors;
    };

    static Ended run(const QString &program, const QStringList &arguments,
                     const QStringList &variables = {})
    {
        QProcess process;
        process.setEnvironment(variables + QStringList{u"PATH="_s + qEnvironmentVariable("PATH")});
        process.start(program, arguments);
        if (!process.waitForFinished(30000))
            return {};
        return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
                process.readAllStandardOutput(), process.readAllStandardError()};
    }

private Q_SLOTS:
    void withoutADisplay_data()
    {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<int>("code");
        QTest::addColumn<QByteArray>("says");
        const auto row = [](const QStringList &arguments, int code, const char *says) {
            QTest::addRow("%s", qPrintable(arguments.join(u' ')))
                << arguments << code << QByteArray(says);
        };
        row({u"--version"_s}, 0, "etcd-registry-browser 0.1.0\n");
        row({u"-v"_s}, 0, "etcd-registry-browser 0.1.0\n");
        row({u"--help"_s}, 0, "--screenshot");
        row({u"--help-all"_s}, 0, "--screenshot");
        row({u"--demo"_s, u"--help"_s}, 0, "--screenshot");
        row({u"--nonsense"_s}, 2, "Unknown option 'nonsense'.\n");
        row({u"--screenshot"_s}, 2, "--screenshot");
        row({u"--scheme"_s, u"pink"_s}, 2, "No such colours: pink.");
        row({u"a"_s, u"b"_s}, 2, "One connection at a time");
        row({u"a"_s, u"--demo"_s}, 2, "Either --demo or a connection");
        row({}, 1, "No window can be opened: could not connect to display");
        row({u"127.0.0.1:1"_s}, 1, "No window can be opened");
        row({u"-platform"_s, u"nonsense"_s}, 1, "No window can be opened");
    }

    void withoutADisplay()
    {
        QFETCH(QStringList, arguments);
        QFETCH(int, code);
        QFETCH(QByteArray, says);
        for (const QStringList &variables : {QStringList(), QStringList{u"DISPLAY=:9999"_s}}) {
            const Ended ended = run(QStringLiteral(BROWSER), arguments, variables);
            QCOMPARE(ended.code, code);
            QCOMPARE(ended.errors.count('\n'), code == 0 ? 0 : 1);
            QVERIFY2((code == 0 ? ended.output : ended.errors).contains(says),
                     ended.output + ended.errors);
        }
    }

    void optionsOfQtAreTaken()
    {
        const Ended ended =
            run(QStringLiteral(BROWSER), {u"-platform"_s, u"offscreen"_s, u"--nonsense"_s});
        QCOMPARE(ended.code, 2);
        QCOMPARE(ended.errors, "Unknown option 'nonsense'.\n");
    }

    void anyLocale_data()
    {
        QTest::addColumn<QStringList>("variables");
        QTest::newRow("none") << QStringList();
        QTest::newRow("cron") << QStringList{u"LANG=C"_s};
        QTest::newRow("POSIX") << QStringList{u"LC_ALL=POSIX"_s};
        QTest::newRow("LC_CTYPE") << QStringList{u"LANG=C.UTF-8"_s, u"LC_CTYPE=C"_s};
        QTest::newRow("unknown") << QStringList{u"LC_ALL=xx_YY.ISO-8859-1"_s};
        QTest::newRow("UTF-8") << QStringList{u"LC_ALL=C.UTF-8"_s};
    }

    void anyLocale()
    {
        QFETCH(QStringList, variables);
        Ended ended = run(QStringLiteral(CLI), {u"--version"_s}, variables);
        QCOMPARE(ended.errors, QByteArray());
        QCOMPARE(ended.code, 0);

        ended = run(QStringLiteral(CLI), {u"lookup"_s, u"ü"_s, u"-e"_s, u"ü:x"_s}, variables);
        QCOMPARE(ended.code, 2);
        QCOMPARE(ended.errors.count('\n'), 1);
        QVERIFY2(ended.errors.contains("ü"), ended.errors);

        ended = run(QStringLiteral(BROWSER), {u"--version"_s}, variables);
        QCOMPARE(ended.errors, QByteArray());
        QCOMPARE(ended.code, 0);

        // With a window, which fails at once
        ended = run(QStringLiteral(BROWSER), {u"ü:x"_s, u"--screenshot"_s, u"/nowhere/x.png"_s},
                    variables + QStringList{u"QT_QPA_PLATFORM=offscreen"_s, u"HOME=/nowhere"_s});
        QVERIFY(ended.code > 0);
        QCOMPARE(ended.errors.count('\n'), 1);
        QVERIFY2(ended.errors.contains("ü"), ended.errors);
    }

    /// Those that we start get the locale that we were given.
    void environmentStays()
    {
        const QByteArray before = qgetenv("LC_ALL");
        for (const QByteArray each : {"POSIX", "", "C.UTF-8"}) {
            qputenv("LC_ALL", each);
            {
                const Utf8Locale locale;
                std::setlocale(LC_ALL, "");
                QCOMPARE(QByteArray(nl_langinfo(CODESET)), "UTF-8");
            }
            QCOMPARE(qgetenv("LC_ALL"), each);
        }
        qputenv("LC_ALL", before);
        std::setlocale(LC_ALL, "");
    }

    /// Whole lines reach a log that others write to as well. From a socket of datagrams each write
    /// comes on its own.
    void linesAreWrittenAtOnce_data()
    {
        QTest::addColumn<QString>("program");
        QTest::newRow("command") << QStringLiteral(CLI);
        QTest::newRow("window") << QStringLiteral(BROWSER);
    }

    void linesAreWrittenAtOnce()
    {
        QFETCH(QString, program);
        int sockets[2];
        QCOMPARE(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, sockets), 0);
        QProcess process;
        process.setChildProcessModifier([&] { ::dup2(sockets[1], STDERR_FILENO); });
        process.start(program, {u"--"_s + QString(1000, u'x')});
        QVERIFY(process.waitForFinished());
        QByteArray line(2000, '\0');
        line.resize(::recv(sockets[0], line.data(), size_t(line.size()), MSG_DONTWAIT));
        QVERIFY(line.size() > 1000 && line.endsWith('\n'));
        QCOMPARE(::recv(sockets[0], line.data(), size_t(line.size()), MSG_DONTWAIT), -1);
        ::close(sockets[0]);
        ::close(sockets[1]);
    }
};

QTEST_GUILESS_MAIN(TestStart)
#include "tst_start.moc"
