// SPDX-License-Identifier: MIT
#include "page.h"

#include "browser.h"
#include "clusternotices.h"
#include "commands.h"
#include "demosession.h"
#include "journal.h"
#include "scenarios.h"
#include "session.h"

#include <QDialog>
#include <QSettings>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

/// What people call the cluster: its first node, and the namespace if we look at one only.
QString clusterName(const ConnectionString &connection)
{
    const QUrl url =
        connection.endpoints.isEmpty() ? connection.discovery : connection.endpoints.first();
    return connection.nameSpace.isEmpty()
               ? url.authority()
               : Page::tr("%1 / %2").arg(url.authority(), connection.nameSpace);
}

} // namespace

Page::Page(QSettings &settings, NoticeBar *notice, QWidget *window)
    : m_settings(settings)
    , m_notice(notice)
    , m_window(window)
{}

Page::~Page()
{
    if (m_session)
        m_session->disconnect(this);
    delete m_browser; // before what it shows
    delete m_commands;
    delete m_scenarios;
}

void Page::open(const ConnectionString &connection)
{
    openAs(connection, clusterName(connection));
}

void Page::openDemo()
{
    m_demo = std::make_unique<DemoSession>();
    connect(m_demo.get(), &DemoSession::failed, this, &Page::failed);
    connect(m_demo.get(), &DemoSession::ready, this, [this](const QString &text) {
        if (const auto connection = ConnectionString::parse(text))
            openAs(*connection, tr("demo cluster"));
    });
    m_demo->start();
}

void Page::openAs(const ConnectionString &connection, const QString &name)
{
    m_name = name;
    m_session = std::make_unique<Session>(
        connection,
        m_demo ? QString() // its cluster goes with the window
               : m_settings.value("journal/folder"_L1, Journal::defaultFolder()).toString());
    connect(m_session.get(), &Session::freshnessChanged, this, &Page::follow);
    m_session->start();
}

void Page::follow()
{
    const bool connecting = m_session->freshness() == Session::Freshness::Connecting;
    if (m_listed)
        return;
    if (connecting && m_session->status().error)
        Q_EMIT failed(m_session->status().error->message());
    else if (!m_browser && (m_session->cluster() || !connecting))
        makeBrowser();
    if (!connecting) {
        m_listed = true;
        Q_EMIT listed();
    }
}

/// While the first listing is on its way, so that what it brings is shown at once.
void Page::makeBrowser()
{
    m_browser = new Browser(*m_session, m_settings, m_window);
    m_browser->hide();
}

void Page::begin()
{
    m_commands = new Commands(*m_session, m_name, m_notice, m_window);
    m_scenarios = new Scenarios(*m_session, m_notice, m_window);
    const auto *notices = new ClusterNotices(*m_session, m_notice, m_browser);
    connect(notices, &ClusterNotices::nodesRequested, m_browser, &Browser::showNodes);
}

void Page::end()
{
    if (m_commands) { // else those that are open are another page's
        const auto dialogs = m_window->findChildren<QDialog *>();
        for (QDialog *dialog : dialogs)
            dialog->deleteLater();
    }
    delete std::exchange(m_browser, nullptr);
    delete std::exchange(m_commands, nullptr);
    delete std::exchange(m_scenarios, nullptr);
    if (m_session) {
        m_session->disconnect(this);
        m_session.release()->deleteLater();
    }
    if (m_demo) {
        m_demo->disconnect(this);
        m_demo.release()->deleteLater();
    }
    deleteLater();
}

} // namespace EtcdRegistry
