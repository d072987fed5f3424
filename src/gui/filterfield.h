// SPDX-License-Identifier: MIT
#pragma once

#include "instancefilter.h"

#include <QLineEdit>
#include <QTimer>

namespace EtcdRegistry {

/// Where the filter is typed. It takes effect with each key; a regular expression that is none
/// is shown as an error, and the last good filter stays.
class FilterField : public QLineEdit
{
    Q_OBJECT
public:
    explicit FilterField(QWidget *parent = nullptr);

    QSize sizeHint() const override;

Q_SIGNALS:
    void filterChanged(const EtcdRegistry::InstanceFilter &filter);

protected:
    void keyPressEvent(QKeyEvent *event) override; ///< Escape clears it

private:
    void parse();

    QTimer m_timer;
};

} // namespace EtcdRegistry
