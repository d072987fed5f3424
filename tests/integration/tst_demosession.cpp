// SPDX-License-Identifier: MIT
#include "await.h"
#include "demosession.h"

#include <QSignalSpy>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

class TestDemoSession : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void hasSomethingToShow()
    {
        DemoSession demo;
        QSignalSpy ready(&demo, &DemoSession::ready);
        QSignalSpy failed(&demo, &DemoSession::failed);
        demo.start();
        QVERIFY2(ready.wait(30000), qPrintable(failed.value(0).value(0).toString()));

        const auto connection = ConnectionString::parse(ready[0][0].toString());
        QVERIFY(connection);
        Registry registry(*connection);
        const Result<Snapshot> listed = await(registry.list());
        QVERIFY(listed);
        const QList<Instance> &instances = listed->instances;
        QVERIFY(instances.size() >= 30 && instances.size() <= 40);

        QSet<QString> namespaces;
        QSet<QString> services;
        for (const Instance &instance : instances) {
            namespaces += instance.nameSpace;
            services += instance.nameSpace + u'/' + instance.service;
        }
        QCOMPARE(namespaces, (QSet<QString>{u""_s, u"shop"_s, u"shop/eu"_s, u"platform"_s}));
        QVERIFY(services.size() >= 12);

        using Problem = Instance::Problem;
        const auto broken = [](const Instance &i) { return i.problem != Problem::None; };
        const auto immortal = [](const Instance &i) { return !i.hasTtl; };
        const auto bigId = [](const Instance &i) {
            return i.document.contains("\"id\":9007199254740993");
        };
        QCOMPARE(std::ranges::count_if(instances, broken), 1);
        QCOMPARE(std::ranges::count_if(instances, immortal), 2); // the broken one too
        QCOMPARE(std::ranges::count_if(instances, bigId), 1);
        QCOMPARE(failed.count(), 0);
    }

    void saysThatEtcdIsNotInstalled()
    {
        const QByteArray named = qgetenv("ETCD_BINARY");
        qputenv("ETCD_BINARY", "/nowhere/etcd");
        DemoSession demo;
        QSignalSpy failed(&demo, &DemoSession::failed);
        demo.start();
        qputenv("ETCD_BINARY", named);
        QVERIFY(failed.wait());
        QVERIFY(failed[0][0].toString().contains(u"etcd-server"_s));
    }
};

QTEST_GUILESS_MAIN(TestDemoSession)
#include "tst_demosession.moc"
