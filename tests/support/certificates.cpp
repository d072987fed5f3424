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
    return openssl({u"-keyout"_s, path(name + u".key"_s), u"-out"_s, path(name + u".pem"_s),
                    u"-subj"_s, u"/CN="_s + name, u"-addext"_s,
                    u"keyUsage=critical,keyCertSign,cRLSign"_s});
}

bool Certificates::createSigned(const QString &name, const QString &ca, const QString &extensions)
{
    return openssl({u"-keyout"_s, path(name + u".key"_s), u"-out"_s, path(name + u".pem"_s),
                    u"-CA"_s, path(ca + u".pem"_s), u"-CAkey"_s, path(ca + u".key"_s), u"-subj"_s,
                    u"/O="_s + name, u"-addext"_s, u"basicConstraints=critical,CA:FALSE"_s,
                    u"-addext"_s, extensions});
}

bool Certificates::openssl(const QStringList &arguments)
{
    QProcess process;
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(u"openssl"_s,
                  QStringList{u"req"_s, u"-x509"_s, u"-newkey"_s, u"ec"_s, u"-pkeyopt"_s,
                              u"ec_paramgen_curve:prime256v1"_s, u"-nodes"_s, u"-days"_s, u"2"_s}
                      + arguments);
    if (process.waitForFinished() && process.exitStatus() == QProcess::NormalExit
        && process.exitCode() == 0)
        return true;
    m_error =
        u"openssl: "_s + process.errorString() + u' ' + QString::fromLocal8Bit(process.readAll());
    return false;
}

} // namespace EtcdRegistry
