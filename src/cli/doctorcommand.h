// SPDX-License-Identifier: MIT
#pragma once

#include "command.h"
#include "doctor.h"

namespace EtcdRegistry::Cli {

/// doctor
class DoctorCommand : public Command
{
    Q_OBJECT
public:
    explicit DoctorCommand(const Options &options);
    void start() override;

private:
    QByteArray text(const Findings &findings) const;
    QByteArray lines(const Findings &findings) const;

    Doctor m_doctor;
};

} // namespace EtcdRegistry::Cli
