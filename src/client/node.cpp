// SPDX-License-Identifier: MIT
#include "node.h"

#include <QCoreApplication>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {
namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Node)
};

} // namespace

QString conditionOf(const Node &node)
{
    if (!node.reachable)
        return {};
    if (!node.troubles.isEmpty())
        return node.troubles.join("; "_L1);
    if (const QString why = whyUnseen(node); !why.isEmpty())
        return Text::tr("alarms could not be seen: %1").arg(why);
    return {};
}

QString whyUnseen(const Node &node)
{
    if (!node.unseen)
        return {};
    if (node.servesV3 == false)
        return Text::tr("it serves no v3");
    switch (node.unseen->code) {
    case Error::Code::LoginRequired:
    case Error::Code::LoginRefused:
        return Text::tr("it tells them to users only, and has no login of ours");
    case Error::Code::PermissionDenied:
        return Text::tr("it tells them to root only");
    default:
        return node.unseen->reason();
    }
}

} // namespace EtcdRegistry
