// SPDX-License-Identifier: MIT
#include "commands.h"

#include "batch.h"
#include "copyas.h"
#include "documentdifference.h"
#include "freeport.h"
#include "inspectdialog.h"
#include "joindialog.h"
#include "leavedialog.h"
#include "noticebar.h"
#include "plaintext.h"
#include "session.h"
#include "weburls.h"

#include <QClipboard>
#include <QDateTime>
#include <QDesktopServices>
#include <QGuiApplication>
#include <QHostAddress>
#include <QMessageBox>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

/// Whose key it is, since when, and how their document differs.
QString takenText(const Row &row, const Service &service)
{
    const auto ago = std::chrono::duration_cast<std::chrono::milliseconds>(Instance::Clock::now()
                                                                           - row.firstSeen);
    const QString since =
        QDateTime::currentDateTime().addMSecs(-ago.count()).toString(u"HH:mm:ss"_s);
    const auto record = Layout::encode(service);
    const QString difference =
        record
            ? plainLine(differenceText(documentDifference(row.instance->document, record->value)))
            : QString();
    const QString text =
        row.older
            ? Commands::tr("Somebody else has %1 registered already, since before this window "
                           "connected at %2, with another document (%3). Taking it over "
                           "replaces that; its owner may write it again.")
            : Commands::tr("Somebody else has %1 registered already, since %2, with another "
                           "document (%3). Taking it over replaces that; its owner may write "
                           "it again.");
    return text.arg(plainLine(row.instance->host), since, difference);
}

} // namespace

Commands::Commands(Session &session, const QString &clusterName, NoticeBar *notice, QWidget *window)
    : QObject(window)
    , m_session(session)
    , m_clusterName(clusterName)
    , m_notice(notice)
    , m_window(window)
{}

void Commands::join(const Service &prefilled, int port)
{
    constexpr qsizetype mostEdited = 100'000; // Qt lays out a line in the square of its length
    if (prefilled.document.size() > mostEdited || prefilled.name.size() > longestLine) {
        return m_notice->show(tr("Its document or its name is too long to be edited here. Write it "
                                 "to a file, and join it with etcd-registry join --doc."),
                              tr("Copy document"), [document = prefilled.document] {
                                  QGuiApplication::clipboard()->setText(
                                      QString::fromUtf8(document));
                              });
    }
    ConnectionString connection = m_session.connection();
    if (const auto &cluster = m_session.cluster()) {
        connection.api =
            cluster->api == Api::V2 ? ConnectionString::Api::V2 : ConnectionString::Api::V3;
    }
    auto *dialog = new JoinDialog(connection, m_window);
    dialog->setTemplate(prefilled, port);
    connect(dialog, &JoinDialog::joinRequested, this,
            [this, dialog](const QList<Service> &services, bool takeOver) {
                join(dialog, services, takeOver);
            });
    dialog->open();
}

void Commands::join(JoinDialog *dialog, const QList<Service> &services, bool takeOver)
{
    for (const Service &service : services) {
        if (const auto row = takeOver ? std::nullopt : holderOf(service))
            return dialog->taken(takenText(*row, service),
                                 freePortLike(*row->instance, m_session.rows()));
    }
    const Batch *batch = m_session.join(services);
    connect(batch, &Batch::progressed, dialog, &JoinDialog::joined);
    connect(batch, &Batch::failed, dialog,
            [dialog](const Error &error) { dialog->failed(error.message()); });
}

/// Who else has registered the same with another document; one with the same may be our own of
/// before.
std::optional<Row> Commands::holderOf(const Service &service) const
{
    const auto record = Layout::encode(service);
    if (!record || m_session.ours(record->key))
        return std::nullopt;
    const auto found = std::ranges::find_if(m_session.rows(), [&](const Row &row) {
        return row.instance->key == record->key && row.instance->document != record->value;
    });
    return found == m_session.rows().end() ? std::nullopt : std::optional(*found);
}

void Commands::joinLike(const Instance &instance)
{
    join(serviceLike(instance), freePortLike(instance, m_session.rows()));
}

/// One window for each row: more of them than a screen has room for are asked about.
void Commands::inspect(const QList<Row> &rows)
{
    constexpr int mostUnasked = 10;
    if (rows.size() <= mostUnasked)
        return inspectAll(rows);
    ask(tr("Inspect"), tr("Open %1 windows, one for each row?").arg(rows.size()), {},
        [this, rows] { inspectAll(rows); });
}

void Commands::inspectAll(const QList<Row> &rows)
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

void Commands::copyAs(const CopyFormat &format, const QList<Row> &rows)
{
    QStringList texts;
    for (const Row &row : rows)
        texts.append(format.text(*row.instance, m_session.connection()));
    texts.removeAll(QString());
    if (texts.isEmpty())
        return m_notice->show(tr("No such command can register it again: its value is no JSON "
                                 "object, or its name can be no argument."),
                              tr("Copy documents"), [rows] {
                                  QStringList documents;
                                  for (const Row &row : rows)
                                      documents.append(QString::fromUtf8(row.instance->document));
                                  QGuiApplication::clipboard()->setText(documents.join(u'\n'));
                              });
    QGuiApplication::clipboard()->setText(texts.join(u'\n'));
}

void Commands::openUrls(const QList<Row> &rows)
{
    const QList<QUrl> urls = webUrls(rows);
    const QList<QUrl> some = urls.first(std::min<qsizetype>(urls.size(), mostAtOnce));
    const auto open = [some] {
        for (const QUrl &url : some)
            QDesktopServices::openUrl(url);
    };
    if (some.size() <= 1)
        return open();
    constexpr qsizetype longest = 80; // that is told of each
    QStringList addresses;
    for (const QUrl &url : some)
        addresses.append(plainText(url.toDisplayString(), longest));
    ask(tr("Open URL"),
        urls.size() > some.size()
            ? tr("Open the first %1 of %2 pages?").arg(some.size()).arg(urls.size())
            : tr("Open these %1 pages?").arg(some.size()),
        addresses.join(u'\n'), open);
}

void Commands::ask(const QString &title, const QString &question, const QString &details,
                   const std::function<void()> &open)
{
    auto *box = new QMessageBox(QMessageBox::NoIcon, title, question,
                                QMessageBox::Open | QMessageBox::Cancel, m_window);
    box->setInformativeText(details);
    box->setDefaultButton(QMessageBox::Cancel);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QDialog::finished, this, [open](int button) {
        if (button == QMessageBox::Open)
            open();
    });
    box->open();
}

Service serviceLike(const Instance &instance)
{
    return {.name = instance.service,
            .nameSpace = instance.nameSpace,
            .document =
                instance.problem == Instance::Problem::NotAnObject ? "{}" : instance.document,
            .ttl = instance.ttl.value_or(Service().ttl)};
}

int freePortLike(const Instance &instance, const Rows &rows)
{
    constexpr int maxPort = 65535;
    QSet<int> taken;
    for (const Row &row : rows) {
        if (row.instance->hostname == instance.hostname)
            taken.insert(row.instance->port.toInt());
    }
    const bool here =
        instance.hostname == Layout::localAddress() || QHostAddress(instance.hostname).isLoopback();
    const int own = instance.port.toInt();
    for (int port = own + 1; own > 0 && port <= maxPort; ++port) {
        if (!taken.contains(port) && !(here && isPortTaken(quint16(port))))
            return port;
    }
    return 0;
}

} // namespace EtcdRegistry
