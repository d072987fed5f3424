// SPDX-License-Identifier: MIT
#include "commands.h"

#include "batch.h"
#include "inspectdialog.h"
#include "joindialog.h"
#include "leavedialog.h"
#include "noticebar.h"
#include "session.h"

namespace EtcdRegistry {

Commands::Commands(Session &session, const QString &clusterName, NoticeBar *notice, QWidget *window)
    : QObject(window)
    , m_session(session)
    , m_clusterName(clusterName)
    , m_notice(notice)
    , m_window(window)
{}

void Commands::join(const Service &prefilled)
{
    ConnectionString connection = m_session.connection();
    if (const auto &cluster = m_session.cluster()) {
        connection.api =
            cluster->api == Api::V2 ? ConnectionString::Api::V2 : ConnectionString::Api::V3;
    }
    auto *dialog = new JoinDialog(connection, m_window);
    dialog->setTemplate(prefilled);
    connect(dialog, &JoinDialog::joinRequested, this,
            [this, dialog](const QList<Service> &services) {
                const Batch *batch = m_session.join(services);
                connect(batch, &Batch::progressed, dialog, &JoinDialog::joined);
                connect(batch, &Batch::failed, dialog,
                        [dialog](const Error &error) { dialog->failed(error.message()); });
            });
    dialog->open();
}

void Commands::inspect(const QList<Row> &rows)
{
    const auto open = m_window->findChildren<InspectDialog *>();
    for (const Row &row : rows) {
        const Instance &instance = *row.instance;
        const auto same = std::find_if(open.begin(), open.end(), [&](const InspectDialog *dialog) {
            return dialog->key() == instance.key;
        });
        if (same != open.end()) {
            (*same)->raise();
            (*same)->activateWindow();
            continue;
        }
        auto *dialog = new InspectDialog(
            row, [this] { return m_session.now(); }, m_window);
        const auto refresh = [this, dialog, shown = row.instance] {
            dialog->setRow(m_session.row(*shown));
        };
        connect(&m_session, &Session::updated, dialog, refresh);
        refresh();
        dialog->show();
    }
}

void Commands::leave(const QList<Instance> &instances)
{
    auto *dialog = new LeaveDialog(instances, m_session.ourKeys(), m_clusterName, m_window);
    connect(dialog, &LeaveDialog::leaveRequested, this, &Commands::leaveNow);
    dialog->open();
}

void Commands::leaveNow(const QStringList &keys)
{
    const Batch *batch = m_session.leave(keys);
    connect(batch, &Batch::failed, this, [this, keys](const Error &error) {
        m_notice->show(tr("Not all could be left. %1").arg(error.message()), tr("Try again"),
                       [this, keys] { leaveNow(keys); });
    });
}

Service serviceLike(const Instance &instance)
{
    return {.name = instance.service,
            .nameSpace = instance.nameSpace,
            .document =
                instance.problem == Instance::Problem::NotAnObject ? "{}" : instance.document,
            .ttl = instance.ttl.value_or(Service().ttl)};
}

} // namespace EtcdRegistry
