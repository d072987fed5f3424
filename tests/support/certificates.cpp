// SPDX-License-Identifier: MIT
#include "certificates.h"

#include <QFile>
#include <QProcess>
#include <QSslKey>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

bool Certificates::create()
{
    return createCa(u"ca"_s) && createCa(u"other-ca"_s)
           && createSigned(u"server"_s, u"ca"_s,
                           u"subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"_s)
           && createSigned(u"client"_s, u"ca"_s, u"extendedKeyUsage=clientAuth"_s)
           && createSigned(u"stranger"_s, u"other-ca"_s, u"extendedKeyUsage=clientAuth"_s);
}

QSslConfiguration Certificates::clientConfiguration() const
{
    QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
    configuration.setCaCertificates(QSslCertificate::fromPath(path(u"ca.pem"_s)));
    configuration.setLocalCertificateChain(QSslCertificate::fromPath(path(u"client.pem"_s)));
    QFile key(path(u"client.key"_s));
    if (key.open(QIODevice::ReadOnly))
        configuration.setPrivateKey(QSslKey(&key, QSsl::Ec));
    return configuration;
}

bool Certificates::createCa(const QString &name)
{
    return request({u"-keyout"_s, path(name + u".key"_s), u"-out"_s, path(name + u".pem"_s),
                    u"-subj"_s, u"/CN="_s + name, u"-addext"_s,
                    u"keyUsage=critical,keyCertSign,cRLSign"_s});
}

bool Certificates::sign(const QString &name, const QString &extension, const QString &key)
{
    return createSigned(name, u"ca"_s, extension, key);
}

bool Certificates::date(const QString &name, const QDateTime &from, const QDateTime &until)
{
    QFile settings(path(u"ca.cnf"_s)), index(path(u"index.txt"_s));
    if (!settings.open(QFile::WriteOnly) || !index.open(QFile::WriteOnly))
        return false;
    settings.write("[ca]\ndefault_ca = this\n[this]\npolicy = any\ndefault_md = sha256\n"
                   "rand_serial = yes\nunique_subject = no\nx509_extensions = client\n"
                   "[any]\norganizationName = optional\n[client]\nextendedKeyUsage = clientAuth\n");
    settings.write("[this]\ndatabase = " + path(u"index.txt"_s).toUtf8()
                   + "\nnew_certs_dir = " + m_folder.path().toUtf8() + '\n');
    settings.close();
    const auto time = [](const QDateTime &at) {
        return at.toUTC().toString(u"yyyyMMddhhmmss'Z'"_s);
    };
    const QString wish = path(name + u".csr"_s);
    return openssl({u"req"_s, u"-new"_s, u"-key"_s, path(u"client.key"_s), u"-subj"_s, u"/O=x"_s,
                    u"-out"_s, wish})
           && openssl({u"ca"_s, u"-batch"_s, u"-notext"_s, u"-config"_s, settings.fileName(),
                       u"-cert"_s, path(u"ca.pem"_s), u"-keyfile"_s, path(u"ca.key"_s), u"-in"_s,
                       wish, u"-out"_s, path(name + u".pem"_s), u"-startdate"_s, time(from),
                       u"-enddate"_s, time(until)});
}

bool Certificates::createSigned(const QString &name, const QString &ca, const QString &extensions,
                                const QString &key)
{
    return request({u"-keyout"_s, path(name + u".key"_s), u"-out"_s, path(name + u".pem"_s),
                    u"-CA"_s, path(ca + u".pem"_s), u"-CAkey"_s, path(ca + u".key"_s), u"-subj"_s,
                    u"/O="_s + name, u"-addext"_s, u"basicConstraints=critical,CA:FALSE"_s,
                    u"-addext"_s, extensions},
                   key);
}

bool Certificates::request(const QStringList &arguments, const QString &key)
{
    const QStringList usual{u"ec"_s, u"-pkeyopt"_s, u"ec_paramgen_curve:prime256v1"_s};
    return openssl(QStringList{u"req"_s, u"-x509"_s, u"-nodes"_s, u"-days"_s, u"2"_s, u"-newkey"_s}
                   + (key.isEmpty() ? usual : QStringList{key}) + arguments);
}

bool Certificates::openssl(const QStringList &arguments)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(u"openssl"_s, arguments);
    if (process.waitForFinished() && process.exitStatus() == QProcess::NormalExit
        && process.exitCode() == 0)
        return true;
    m_error =
        u"openssl: "_s + process.errorString() + u' ' + QString::fromLocal8Bit(process.readAll());
    return false;
}

} // namespace EtcdRegistry
