// SPDX-License-Identifier: MIT
#include "tlsfiles.h"

#include <QCoreApplication>
#include <QFile>
#include <QSslCertificate>
#include <QSslKey>

namespace EtcdRegistry {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::TlsFiles)
};

Error tlsError(const QString &detail)
{
    return {.code = Error::Code::Tls, .detail = detail};
}

Result<QByteArray> read(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return tlsError(Text::tr("can't read %1: %2").arg(path, file.errorString()));
    return file.readAll();
}

Result<QList<QSslCertificate>> certificates(const QString &path)
{
    const Result<QByteArray> text = read(path);
    if (!text)
        return text.error();
    QList<QSslCertificate> all = QSslCertificate::fromData(*text, QSsl::Pem);
    if (all.isEmpty())
        return tlsError(Text::tr("%1 holds no PEM certificate").arg(path));
    return all;
}

Result<QSslKey> privateKey(const QString &path)
{
    const Result<QByteArray> text = read(path);
    if (!text)
        return text.error();
    QSslKey key(*text, QSsl::Rsa);
    if (key.isNull())
        key = QSslKey(*text, QSsl::Ec);
    if (key.isNull())
        return tlsError(Text::tr("%1 holds no RSA or EC key without a passphrase").arg(path));
    return key;
}

} // namespace

Result<QSslConfiguration> tlsConfiguration(const ConnectionString &connection)
{
    QSslConfiguration tls = QSslConfiguration::defaultConfiguration();
    if (!connection.caFile.isEmpty()) {
        const auto authorities = certificates(connection.caFile);
        if (!authorities)
            return authorities.error();
        tls.setCaCertificates(*authorities);
    }
    if (!connection.certFile.isEmpty()) {
        const auto chain = certificates(connection.certFile);
        if (!chain)
            return chain.error();
        const auto key = privateKey(connection.keyFile);
        if (!key)
            return key.error();
        tls.setLocalCertificateChain(*chain);
        tls.setPrivateKey(*key);
    }
    return tls;
}

} // namespace EtcdRegistry
