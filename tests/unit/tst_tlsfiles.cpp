// SPDX-License-Identifier: MIT
#include "certificates.h"
#include "tlsfiles.h"

#include <QFile>
#include <QProcess>
#include <QSslKey>
#include <QTest>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

/// What is wrong with the files of a client certificate is told before anybody is connected to.
class TestTlsFiles : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void files_data();
    void files();

private:
    void openssl(const QString &command);
    void copy(const QString &from, const QString &to,
              const std::function<QByteArray(QByteArray)> &);

    Certificates m_certificates;
};

/// Names of files in it are relative to their folder.
void TestTlsFiles::openssl(const QString &command)
{
    QProcess process;
    process.setWorkingDirectory(m_certificates.path({}));
    process.start(u"openssl"_s, command.split(u' '));
    QVERIFY(process.waitForFinished());
    QVERIFY2(process.exitCode() == 0, process.readAllStandardError());
}

void TestTlsFiles::copy(const QString &from, const QString &to,
                        const std::function<QByteArray(QByteArray)> &change)
{
    QFile source(m_certificates.path(from)), target(m_certificates.path(to));
    QVERIFY(source.open(QFile::ReadOnly) && target.open(QFile::WriteOnly));
    target.write(change(source.readAll()));
}

void TestTlsFiles::initTestCase()
{
    const QString clients = u"extendedKeyUsage=clientAuth"_s;
    const auto now = QDateTime::currentDateTimeUtc();
    const auto at = [](const QString &time) { return QDateTime::fromString(time, Qt::ISODate); };
    QVERIFY2(
        m_certificates.create() && m_certificates.sign(u"b"_s, clients)
            && m_certificates.sign(u"rsa"_s, clients, u"rsa:2048"_s)
            && m_certificates.sign(u"ed"_s, clients, u"ed25519"_s)
            && m_certificates.sign(u"ed448"_s, clients, u"ed448"_s)
            && m_certificates.sign(u"for-servers"_s, u"extendedKeyUsage=serverAuth"_s)
            && m_certificates.sign(u"for-both"_s, u"extendedKeyUsage=serverAuth,clientAuth"_s)
            && m_certificates.sign(u"for-any"_s, u"extendedKeyUsage=anyExtendedKeyUsage"_s)
            && m_certificates.sign(u"does-not-say"_s, u"subjectAltName=DNS:x"_s)
            && m_certificates.date(u"old"_s, now.addYears(-2), at(u"2026-01-02T03:04:00Z"_s))
            && m_certificates.date(u"early"_s, at(u"2096-01-02T03:04:00Z"_s), now.addYears(99)),
        qPrintable(m_certificates.error()));
    openssl(u"ec -in client.key -out sec1.key"_s);
    openssl(u"rsa -in rsa.key -traditional -out pkcs1.key"_s);
    openssl(u"pkcs8 -topk8 -in client.key -passout pass:x -out locked.key"_s);
    openssl(u"rsa -in rsa.key -traditional -aes128 -passout pass:x -out locked1.key"_s);
    openssl(u"pkcs8 -topk8 -in ed.key -passout pass:x -out locked-ed.key"_s);
    openssl(u"ec -in client.key -outform DER -out der.key"_s);
    for (const QString &name : {u"client.pem"_s, u"client.key"_s, u"ed.pem"_s, u"ed.key"_s}) {
        copy(name, u"crlf-"_s + name, [](QByteArray text) { return text.replace("\n", "\r\n"); });
        copy(name, u"open-"_s + name, [](QByteArray text) { return text.trimmed(); });
    }
    const auto with = [this](const QString &file) {
        return [this, file](const QByteArray &text) {
            QFile more(m_certificates.path(file));
            return more.open(QFile::ReadOnly) ? text + more.readAll() : QByteArray();
        };
    };
    copy(u"client.pem"_s, u"chain.pem"_s, with(u"ca.pem"_s));
    copy(u"ca.pem"_s, u"turned-chain.pem"_s, with(u"client.pem"_s));
    copy(u"client.pem"_s, u"both.pem"_s, with(u"client.key"_s));
    copy(u"ed.key"_s, u"ed-both.pem"_s, with(u"ed.pem"_s));
    copy(u"client.pem"_s, u"empty"_s, [](const QByteArray &) { return QByteArray(); });
}

void TestTlsFiles::files_data()
{
    QTest::addColumn<QString>("certificate");
    QTest::addColumn<QString>("key");
    QTest::addColumn<QString>("fault"); // with %1 for the certificate's file, and %2 for the key's
    const auto row = [](const QString &certificate, const QString &key, const QString &fault = {}) {
        QTest::addRow("%s, %s", qPrintable(certificate), qPrintable(key))
            << certificate << key << fault;
    };
    row(u"client.pem"_s, u"client.key"_s);
    row(u"client.pem"_s, u"sec1.key"_s);
    row(u"rsa.pem"_s, u"rsa.key"_s);
    row(u"rsa.pem"_s, u"pkcs1.key"_s);
    row(u"ed.pem"_s, u"ed.key"_s);
    row(u"ed448.pem"_s, u"ed448.key"_s);
    for (const QString &way : {u"crlf-"_s, u"open-"_s}) {
        row(way + u"client.pem"_s, way + u"client.key"_s);
        row(way + u"ed.pem"_s, way + u"ed.key"_s);
    }
    row(u"chain.pem"_s, u"client.key"_s);
    row(u"both.pem"_s, u"both.pem"_s);
    row(u"ed-both.pem"_s, u"ed-both.pem"_s);
    row(u"for-both.pem"_s, u"for-both.key"_s);
    row(u"for-any.pem"_s, u"for-any.key"_s);
    row(u"does-not-say.pem"_s, u"does-not-say.key"_s);

    for (const QString &other : {u"b.key"_s, u"rsa.key"_s, u"ed.key"_s})
        row(u"client.pem"_s, other, u"%2 is not the key of %1"_s);
    row(u"rsa.pem"_s, u"client.key"_s, u"%2 is not the key of %1"_s);
    row(u"ed.pem"_s, u"ed448.key"_s, u"%2 is not the key of %1"_s);
    row(u"turned-chain.pem"_s, u"client.key"_s, u"%2 is not the key of %1"_s);
    row(u"old.pem"_s, u"client.key"_s, u"%1 has expired on 2026-01-02 03:04 UTC"_s);
    row(u"early.pem"_s, u"client.key"_s, u"%1 is valid from 2096-01-02 03:04 UTC on"_s);
    row(u"for-servers.pem"_s, u"for-servers.key"_s, u"%1 is not for clients"_s);
    row(u"client.pem"_s, u"locked.key"_s, u"%2 has a passphrase"_s);
    row(u"rsa.pem"_s, u"locked1.key"_s, u"%2 has a passphrase"_s);
    row(u"ed.pem"_s, u"locked-ed.key"_s, u"%2 has a passphrase"_s);
    row(u"client.key"_s, u"client.pem"_s, u"%1 holds a key and no certificate"_s);
    row(u"client.pem"_s, u"client.pem"_s, u"%2 holds a certificate and no key"_s);
    row(u"client.pem"_s, u"der.key"_s, u"%2 holds no PEM key"_s);
    row(u"client.pem"_s, u"empty"_s, u"%2 holds no PEM key"_s);
    row(u"empty"_s, u"client.key"_s, u"%1 holds no PEM certificate"_s);
    row(u"client.pem"_s, u"missing"_s, u"can't read %2"_s);
}

void TestTlsFiles::files()
{
    QFETCH(QString, certificate);
    QFETCH(QString, key);
    QFETCH(QString, fault);
    ConnectionString connection;
    connection.caFile = m_certificates.path(u"ca.pem"_s);
    connection.certFile = m_certificates.path(certificate);
    connection.keyFile = m_certificates.path(key);
    const auto tls = tlsConfiguration(connection);
    if (fault.isEmpty()) {
        QVERIFY2(tls, qPrintable(tls ? QString() : tls.error().message()));
        QVERIFY(!tls->privateKey().isNull());
        return;
    }
    QVERIFY(!tls);
    QCOMPARE(tls.error().code, Error::Code::Tls);
    fault.replace(u"%1"_s, connection.certFile).replace(u"%2"_s, connection.keyFile);
    QVERIFY2(tls.error().message().contains(fault), qPrintable(tls.error().message()));
}

QTEST_GUILESS_MAIN(TestTlsFiles)
#include "tst_tlsfiles.moc"
