// SPDX-License-Identifier: MIT
#pragma once

#include "command.h"

namespace EtcdRegistry::Cli {

/// members
class MembersCommand : public Command
{
    Q_OBJECT
public:
    using Command::Command;
    void start() override;

private:
    QByteArray text(const QList<Node> &nodes) const;
};

} // namespace EtcdRegistry::Cli
