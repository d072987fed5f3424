// SPDX-License-Identifier: MIT
#include "tlsfiles.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QFile>
#include <QLibrary>
#include <QSslCertificate>
#include <QSslKey>
#include <QSslSocket>

#include <optional>

using namespace Qt::StringLiterals;

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

bool holdsKey(const QByteArray &text)
{
    return text.contains("PRIVATE KEY-----");
}

Result<QList<QSslCertificate>> certificates(const QString &path)
{
    const Result<QByteArray> text = read(path);
    if (!text)
        return text.error();
    QList<QSslCertificate> all = QSslCertificate::fromData(*text, QSsl::Pem);
    if (!all.isEmpty())
        return all;
    return tlsError(holdsKey(*text) ? Text::tr("%1 holds a key and no certificate").arg(path)
                                    : Text::tr("%1 holds no PEM certificate").arg(path));
}

/// What Qt does not pass on of OpenSSL, which it loads itself when the program runs: keys that are
/// neither RSA nor EC, such as Ed25519, and what a certificate is for. Where it is not there, or
/// not that of Qt, only RSA and EC keys can be read, and a handshake finds the rest.
class Crypto
{
    struct Buffer;
    struct Certificate;
    struct Key;
    using Password = int (*)(char *, int, int, void *);

public:
    Crypto()
        : m_library(u"crypto"_s, QSslSocket::sslLibraryVersionNumber() < 0x30000000
                                     ? u"1.1"_s
                                     : QString::number(QSslSocket::sslLibraryVersionNumber() >> 28))
    {
        m_isThere = QSslSocket::activeBackend() == "openssl"_L1 && m_library.load()
                    && resolve(m_newBuffer, "BIO_new_mem_buf") && resolve(m_freeBuffer, "BIO_free")
                    && resolve(m_readKey, "PEM_read_bio_PrivateKey")
                    && resolve(m_freeKey, "EVP_PKEY_free")
                    && resolve(m_isKeyOf, "X509_check_private_key")
                    && resolve(m_uses, "X509_get_extended_key_usage")
                    && resolve(m_clearErrors, "ERR_clear_error");
    }

    /// A key that Qt has no name for. Null where there is none, or it has a passphrase.
    QSslKey opaqueKey(const QByteArray &text) const { return QSslKey(Qt::HANDLE(read(text))); }

    bool isKeyOf(const QSslCertificate &certificate, const QByteArray &text) const
    {
        Key *key = read(text);
        const bool is = !key || m_isKeyOf(handle(certificate), key) == 1;
        if (key)
            m_freeKey(key);
        if (m_isThere)
            m_clearErrors(); // or Qt would tell them with the next of its own
        return is;
    }

    bool isForClients(const QSslCertificate &certificate) const
    {
        constexpr quint32 clients = 0x2, anybody = 0x100; // all bits where it does not say
        return !m_isThere || (m_uses(handle(certificate)) & (clients | anybody)) != 0;
    }

private:
    Key *read(const QByteArray &text) const
    {
        if (!m_isThere)
            return nullptr;
        Buffer *buffer = m_newBuffer(text.constData(), int(text.size()));
        // Without this it would ask for a passphrase on the terminal.
        const Password none = [](char *, int, int, void *) { return -1; };
        Key *key = m_readKey(buffer, nullptr, none, nullptr);
        m_freeBuffer(buffer);
        m_clearErrors();
        return key;
    }

    template <typename Function>
    bool resolve(Function &function, const char *name)
    {
        function = reinterpret_cast<Function>(m_library.resolve(name));
        return function;
    }

    static Certificate *handle(const QSslCertificate &certificate)
    {
        return reinterpret_cast<Certificate *>(certificate.handle());
    }

    QLibrary m_library;
    bool m_isThere = false;
    Buffer *(*m_newBuffer)(const void *, int) = nullptr;
    int (*m_freeBuffer)(Buffer *) = nullptr;
    Key *(*m_readKey)(Buffer *, Key **, Password, void *) = nullptr;
    void (*m_freeKey)(Key *) = nullptr;
    int (*m_isKeyOf)(Certificate *, Key *) = nullptr;
    quint32 (*m_uses)(Certificate *) = nullptr;
    void (*m_clearErrors)() = nullptr;
};

Result<QSslKey> privateKey(const QString &path, const QByteArray &text, const Crypto &crypto)
{
    for (const auto algorithm : {QSsl::Rsa, QSsl::Ec}) {
        if (const QSslKey key(text, algorithm); !key.isNull())
            return key;
    }
    if (const QSslKey key = crypto.opaqueKey(text); !key.isNull())
        return key;
    if (text.contains("ENCRYPTED"))
        return tlsError(Text::tr("%1 has a passphrase: a key without one is needed").arg(path));
    if (!holdsKey(text) && text.contains("CERTIFICATE-----"))
        return tlsError(Text::tr("%1 holds a certificate and no key").arg(path));
    return tlsError(Text::tr("%1 holds no PEM key").arg(path));
}

/// Why a server would refuse them, which would tell us less.
std::optional<Error> faultOf(const QSslCertificate &certificate, const QByteArray &key,
                             const ConnectionString &connection, const Crypto &crypto)
{
    const QString &path = connection.certFile;
    const auto now = QDateTime::currentDateTimeUtc();
    const auto told = [](const QDateTime &time) {
        return time.toUTC().toString(u"yyyy-MM-dd hh:mm 'UTC'"_s);
    };
    if (!crypto.isKeyOf(certificate, key))
        return tlsError(Text::tr("%1 is not the key of %2").arg(connection.keyFile, path));
    if (certificate.expiryDate() < now)
        return tlsError(Text::tr("%1 has expired on %2").arg(path, told(certificate.expiryDate())));
    if (certificate.effectiveDate() > now) {
        return tlsError(
            Text::tr("%1 is valid from %2 on").arg(path, told(certificate.effectiveDate())));
    }
    if (!crypto.isForClients(certificate))
        return tlsError(Text::tr("%1 is not for clients: it lacks clientAuth").arg(path));
    return {};
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
        static const Crypto crypto;
        const auto text = read(connection.keyFile);
        if (!text)
            return text.error();
        const auto key = privateKey(connection.keyFile, *text, crypto);
        if (!key)
            return key.error();
        if (const auto fault = faultOf(chain->first(), *text, connection, crypto))
            return *fault;
        tls.setLocalCertificateChain(*chain);
        tls.setPrivateKey(*key);
    }
    return tls;
}

} // namespace EtcdRegistry
