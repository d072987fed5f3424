// SPDX-License-Identifier: MIT
#pragma once

#include "presence.h"

#include <QDateTime>
#include <QWidget>

namespace EtcdRegistry {

/// The last hour of an instance as a strip of half minutes: there, late, gone, or not known.
class PresenceStrip : public QWidget
{
    Q_OBJECT
public:
    explicit PresenceStrip(QWidget *parent = nullptr);

    void setSteps(const Presence::Steps &steps, const QDateTime &end); ///< `end` of the last one

    QString textAt(int x) const; ///< what the tool tip says there

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return {120, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent *event) override;
    bool event(QEvent *event) override;

private:
    Presence::Steps m_steps{};
    QDateTime m_end;
};

} // namespace EtcdRegistry
