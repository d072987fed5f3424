// SPDX-License-Identifier: MIT
#pragma once

#include <QSslConfiguration>
#include <QTemporaryDir>

namespace EtcdRegistry {

/// A private CA and what it signed, as PEM files in a temporary folder, made by openssl(1):
///
///   ca.pem                       the CA
///   server.pem, server.key       for localhost, 127.0.0.1 and ::1
///   client.pem, client.key       without a CN: etcd's gateway refuses certificates that have one
///   other-ca.pem                 another CA, and a client that only that one knows:
///   stranger.pem, stranger.key
class Certificates
{
public:
    /// False: openssl failed, see error().
    bool create();
    QString error() const { return m_error; }

    QString path(const QString &file) const { return m_folder.filePath(file); }
    QSslConfiguration clientConfiguration() const; ///< trusts ca.pem, shows client.pem

private:
    bool createCa(const QString &name);
    bool createSigned(const QString &name, const QString &ca, const QString &extensions);
    bool openssl(const QStringList &arguments);

    QTemporaryDir m_folder;
    QString m_error;
};

} // namespace EtcdRegistry
