// SPDX-License-Identifier: MIT
#pragma once

#include "command.h"

namespace EtcdRegistry::Cli {

/// export [NAME]
class ExportCommand : public Command
{
    Q_OBJECT
public:
    using Command::Command;
    void start() override;
};

/// import FILE --write-only: writes its services once, and ends.
class WriteCommand : public Command
{
    Q_OBJECT
public:
    using Command::Command;
    void start() override;

private:
    void writeNext();

    qsizetype m_next = 0;
    qsizetype m_written = 0;
};

/// copy-as FORMAT NAME
class CopyAsCommand : public Command
{
    Q_OBJECT
public:
    using Command::Command;
    void start() override;
};

} // namespace EtcdRegistry::Cli
