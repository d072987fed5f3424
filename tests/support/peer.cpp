// SPDX-License-Identifier: MIT
#include "peer.h"

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStandardPaths>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

Peer::Peer(const QString &program, const QStringList &arguments)
{
    m_process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    m_process.start(program, arguments);
}

Peer::~Peer()
{
    m_process.closeWriteChannel();
    m_process.waitForFinished();
}

NpmPeer::NpmPeer(const QString &connection)
    : Peer(u"node"_s, {QStringLiteral(TESTS_DIR "/interop/peer.js"), connection})
{}

QString NpmPeer::whyNot()
{
    if (QStandardPaths::findExecutable(u"node"_s).isEmpty())
        return u"node is not installed"_s;
    if (!QFile::exists(QStringLiteral(TESTS_DIR "/interop/node_modules/etcd-registry")))
        return u"the npm package is not installed: run npm ci in tests/interop"_s;
    return {};
}

QJsonValue Peer::ask(const QJsonArray &command)
{
    m_process.write(QJsonDocument(command).toJson(QJsonDocument::Compact) + '\n');
    while (!m_process.canReadLine()) {
        if (!m_process.waitForReadyRead(20000)) {
            qWarning() << "no answer to" << command << m_process.errorString();
            return QJsonValue::Undefined;
        }
    }
    const auto answer = QJsonDocument::fromJson(m_process.readLine()).object();
    if (answer.contains("error"_L1))
        qWarning() << command << answer["error"_L1].toString();
    return answer["value"_L1];
}

void Peer::kill()
{
    m_process.kill();
    m_process.waitForFinished();
}

} // namespace EtcdRegistry
