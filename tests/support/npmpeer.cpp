// SPDX-License-Identifier: MIT
#include "npmpeer.h"

#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QStandardPaths>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

NpmPeer::NpmPeer(const QString &connection)
{
    m_node.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    m_node.start(u"node"_s, {QStringLiteral(TESTS_DIR "/interop/peer.js"), connection});
}

NpmPeer::~NpmPeer()
{
    m_node.closeWriteChannel();
    m_node.waitForFinished();
}

QString NpmPeer::whyNot()
{
    if (QStandardPaths::findExecutable(u"node"_s).isEmpty())
        return u"node is not installed"_s;
    if (!QFile::exists(QStringLiteral(TESTS_DIR "/interop/node_modules/etcd-registry")))
        return u"the npm package is not installed: run npm ci in tests/interop"_s;
    return {};
}

QJsonValue NpmPeer::ask(const QJsonArray &command)
{
    m_node.write(QJsonDocument(command).toJson(QJsonDocument::Compact) + '\n');
    while (!m_node.canReadLine()) {
        if (!m_node.waitForReadyRead(20000)) {
            qWarning() << "no answer to" << command << m_node.errorString();
            return QJsonValue::Undefined;
        }
    }
    const auto answer = QJsonDocument::fromJson(m_node.readLine()).object();
    if (answer.contains("error"_L1))
        qWarning() << command << answer["error"_L1].toString();
    return answer["value"_L1];
}

void NpmPeer::kill()
{
    m_node.kill();
    m_node.waitForFinished();
}

} // namespace EtcdRegistry
