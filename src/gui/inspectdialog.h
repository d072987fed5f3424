// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"

#include <QDialog>
#include <QTimer>

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
    explicit InspectDialog(const Instance &instance, QWidget *parent = nullptr);
    ~InspectDialog() override;

    /// What a later listing shows under the same key; nothing if it has gone: the dialog then says
    /// so and keeps what it shows. paused: we hold it and its beat is paused.
    void setInstance(const std::optional<Instance> &instance, bool paused = false);

    QString key() const { return m_instance.key; }

private:
    void refresh();

    std::unique_ptr<Ui::InspectDialog> m_ui;
    Instance m_instance;
    bool m_paused = false;
    QTimer m_clock; ///< the time left counts down; it stands still when the instance has gone
};

} // namespace EtcdRegistry
