// SPDX-License-Identifier: MIT
#pragma once

#include <QDateTime>
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
    /// A further one of the CA: NAME.pem and NAME.key. The extension is what openssl(1) takes for
    /// -addext, and so is the key for -newkey.
    bool sign(const QString &name, const QString &extension, const QString &key = {});
    /// client.pem once more, for another time: NAME.pem, and the key is client.key.
    bool date(const QString &name, const QDateTime &from, const QDateTime &until);

    QString error() const { return m_error; }

    QString path(const QString &file) const { return m_folder.filePath(file); }
    QSslConfiguration clientConfiguration() const; ///< trusts ca.pem, shows client.pem

private:
    bool createCa(const QString &name);
    bool createSigned(const QString &name, const QString &ca, const QString &extensions,
                      const QString &key = {});
    bool request(const QStringList &arguments, const QString &key = {});
    bool openssl(const QStringList &arguments);

    QTemporaryDir m_folder;
    QString m_error;
};

} // namespace EtcdRegistry
