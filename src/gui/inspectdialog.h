// SPDX-License-Identifier: MIT
#pragma once

#include "row.h"

#include <QDialog>
#include <QTimer>

#include <functional>
#include <memory>
#include <optional>

namespace EtcdRegistry {

namespace Ui {
class InspectDialog;
}

/// The document of an instance and all that is known of its key, live. Not modal: show() as many
/// as wanted; each deletes itself when it closes.
class InspectDialog : public QDialog
{
    Q_OBJECT
public:
    /// now: the time for which countdowns hold, which may stand still (see Session::now()).
    using Now = std::function<Instance::Clock::time_point()>;
    explicit InspectDialog(const Row &row, Now now = &Instance::Clock::now,
                           QWidget *parent = nullptr);
    ~InspectDialog() override;

    /// What has become of it; nothing if it has gone: the dialog then says so and keeps what it
    /// shows.
    void setRow(const std::optional<Row> &row);

    QString key() const { return m_row.instance->key; }

private:
    void refresh();

    std::unique_ptr<Ui::InspectDialog> m_ui;
    Row m_row;
    Now m_now;
    QTimer m_clock; ///< the time left counts down; it stands still when the instance has gone
};

} // namespace EtcdRegistry
