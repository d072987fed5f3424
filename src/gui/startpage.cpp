// SPDX-License-Identifier: MIT
#include "startpage.h"

#include "connectionstring.h"
#include "plaintext.h"
#include "rowdelegate.h"
#include "theme.h"
#include "ui_startpage.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QShortcut>

#include <array>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using Kind = FieldMessage::Kind;

namespace {

constexpr int visibleRecent = 6;
constexpr int adviceRows = 7; ///< room kept, so that nothing below moves as one types

/// What the connection string was understood as. Never the password.
QList<Fact> connectionFacts(const ConnectionString &connection, const QString &typed)
{
    constexpr int defaultPort = 4001;
    QStringList nodes;
    bool portsAreTyped = true;
    for (const QUrl &endpoint : connection.endpoints) {
        nodes.append(endpoint.toString());
        portsAreTyped = portsAreTyped
                        && (endpoint.port() != defaultPort
                            || typed.contains(u':' + QString::number(defaultPort)));
    }
    const QString api = connection.api == ConnectionString::Api::V2 ? u"v2"_s
                        : connection.api == ConnectionString::Api::V3
                            ? u"v3"_s
                            : StartPage::tr("v2 where the cluster serves it, else v3");
    const QString login = connection.user.isEmpty()       ? StartPage::tr("none")
                          : connection.password.isEmpty() ? StartPage::tr("%1, without a password")
                                                          : StartPage::tr("%1, with a password");
    QList<Fact> facts{
        {StartPage::tr("Nodes"),
         connection.discovery.isEmpty()
             ? nodes.join(u", "_s)
             : StartPage::tr("those that %1 names").arg(connection.discovery.toString())},
        {StartPage::tr("Namespace"), connection.nameSpace.isEmpty()
                                         ? StartPage::tr("none, the whole registry")
                                         : connection.nameSpace},
        {StartPage::tr("API"), api},
        {StartPage::tr("Login"), login.contains(u"%1"_s) ? login.arg(connection.user) : login},
    };
    if (!portsAreTyped)
        facts.insert(1, {StartPage::tr("Port"),
                         StartPage::tr("%1 where none is given; etcd itself listens on 2379")
                             .arg(defaultPort)});
    return facts;
}

/// A table of examples, each a link that fills the field.
QString examplesText(const QPalette &palette)
{
    const std::array<std::pair<QString, QString>, 3> examples{{
        {u"127.0.0.1:2379"_s, StartPage::tr("one node")},
        {u"10.0.0.1:2379,10.0.0.2:2379/shop?refresh=true"_s,
         StartPage::tr("more nodes, one namespace")},
        {u"https://user:password@etcd.example.com:2379/?ca=/etc/ssl/ca.pem"_s,
         StartPage::tr("TLS and a login")},
    }};
    QString rows;
    for (const auto &[example, meaning] : examples)
        rows += u"<tr><td><a href='%1' style='text-decoration: none'>%1</a></td>"
                "<td style='padding-left: 16px; color: %3'>%2</td></tr>"_s.arg(
                    example.toHtmlEscaped(), meaning.toHtmlEscaped(),
                    Theme::color(Theme::Role::Dim, palette).name());
    return u"<table cellspacing='0' cellpadding='2'>"_s + rows + u"</table>"_s;
}

} // namespace

StartPage::StartPage(QWidget *parent)
    : QWidget(parent)
    , m_ui(std::make_unique<Ui::StartPage>())
{
    m_ui->setupUi(this);
    QFont large = m_ui->title->font();
    large.setPointSizeF(large.pointSizeF() * 1.6);
    large.setWeight(QFont::DemiBold);
    m_ui->title->setFont(large);
    QFont strong = m_ui->recentCaption->font();
    strong.setWeight(QFont::DemiBold);
    m_ui->recentCaption->setFont(strong);
    m_ui->examples->setTextFormat(Qt::RichText);
    m_ui->understood->setAccessibleName(tr("What was understood"));
    m_ui->examples->setText(examplesText(palette()));
    m_ui->advice->setFixedHeight(adviceRows * (fontMetrics().height() + 4));

    connect(m_ui->connectionField, &QLineEdit::textChanged, this, &StartPage::refresh);
    connect(m_ui->connectionField, &QLineEdit::returnPressed, this, &StartPage::requestConnection);
    connect(m_ui->connectButton, &QPushButton::clicked, this, &StartPage::requestConnection);
    connect(m_ui->cancelButton, &QPushButton::clicked, this, &StartPage::cancelRequested);
    connect(m_ui->backButton, &QPushButton::clicked, this, &StartPage::backRequested);
    connect(m_ui->demoButton, &QPushButton::clicked, this, &StartPage::requestDemo);
    connect(m_ui->retryButton, &QPushButton::clicked, this,
            [this] { m_demoAsked ? requestDemo() : requestConnection(); });
    connect(m_ui->examples, &QLabel::linkActivated, this, [this](const QString &example) {
        m_ui->connectionField->setText(example);
        m_ui->connectionField->setFocus();
    });
    m_ui->recent->setItemDelegate(new RowDelegate(m_ui->recent));
    m_ui->recent->header()->setStretchLastSection(false);
    m_ui->recent->header()->setSectionResizeMode(0, QHeaderView::Stretch);
    m_ui->recent->header()->setSectionResizeMode(1, QHeaderView::ResizeToContents);
    connect(m_ui->recent, &QTreeWidget::itemClicked, this,
            [this](const QTreeWidgetItem *item, int column) {
                column == 0 ? useRecent(item->text(0)) : removeRecent(item->text(0));
            });
    // The Enter key, and a double click, whose first click has made us busy already.
    connect(m_ui->recent, &QTreeWidget::itemActivated, this,
            [this](const QTreeWidgetItem *item) { useRecent(item->text(0)); });
    connect(new QShortcut(QKeySequence::Delete, m_ui->recent, nullptr, nullptr, Qt::WidgetShortcut),
            &QShortcut::activated, this, [this] {
                if (const auto *item = m_ui->recent->currentItem())
                    removeRecent(item->text(0));
            });
    setFocusProxy(m_ui->connectionField);
    setRecent({});
    setBusy(false);
    setBack({});
    clearError();
    refresh();
}

StartPage::~StartPage() = default;

void StartPage::setRecent(const QStringList &connections)
{
    m_recent = connections;
    m_ui->recent->clear();
    for (const QString &connection : connections) {
        auto *item = new QTreeWidgetItem(m_ui->recent, {connection, u"×"_s});
        item->setToolTip(0, plainTip(connection));
        item->setToolTip(1, tr("Remove from this list (Delete)"));
    }
    m_ui->recent->setFixedHeight(Theme::rowHeight
                                 * std::min<int>(visibleRecent, int(connections.size())));
    m_ui->recent->setVisible(!connections.isEmpty());
    m_ui->recentCaption->setVisible(!connections.isEmpty());
}

void StartPage::setConnecting(const QString &connection)
{
    m_demoAsked = false;
    m_ui->connectionField->setText(connection);
    clearError();
    setBusy(true);
}

void StartPage::setStartingDemo()
{
    m_demoAsked = true;
    clearError();
    setBusy(true);
}

void StartPage::setBusy(bool busy)
{
    m_busy = busy;
    for (QWidget *part :
         std::initializer_list<QWidget *>{m_ui->connectionField, m_ui->connectButton, m_ui->advice,
                                          m_ui->recent, m_ui->recentCaption, m_ui->demoButton})
        part->setEnabled(!busy);
    m_ui->connectButton->setText(busy && !m_demoAsked ? tr("Connecting...") : tr("Co&nnect"));
    m_ui->demoButton->setText(busy && m_demoAsked ? tr("Starting...")
                                                  : tr("Start a &demo session"));
    m_ui->cancelButton->setVisible(busy);
    if (busy)
        m_ui->cancelButton->setFocus();
}

void StartPage::setConnected()
{
    setBusy(false);
    m_ui->connectionField->setText({});
}

void StartPage::setBack(const QString &name)
{
    constexpr int widest = 240;
    const QString text = fontMetrics().elidedText(name, Qt::ElideMiddle, widest);
    m_ui->backButton->setText(tr("&Back to %1").arg(QString(text).replace(u'&', u"&&"_s)));
    m_ui->backButton->setVisible(!name.isEmpty());
}

/// One step back.
void StartPage::keyPressEvent(QKeyEvent *event)
{
    if (event->key() != Qt::Key_Escape)
        QWidget::keyPressEvent(event);
    else if (m_busy)
        Q_EMIT cancelRequested();
    else if (!m_ui->backButton->isHidden())
        Q_EMIT backRequested();
}

void StartPage::showError(const QString &message)
{
    setBusy(false);
    m_ui->outcome->say(Kind::Error, message);
    m_ui->retryButton->show();
    m_demoAsked ? m_ui->demoButton->setFocus() : m_ui->connectionField->setFocus();
}

void StartPage::clearError()
{
    m_ui->outcome->clear();
    m_ui->retryButton->hide();
}

void StartPage::refresh()
{
    clearError();
    m_ui->connectionMessage->clear();
    const QString text = m_ui->connectionField->text();
    const auto connection = ConnectionString::parse(text);
    m_ui->examples->setVisible(!connection);
    m_ui->understood->setVisible(connection.has_value());
    if (text.trimmed().isEmpty())
        return;
    if (!connection) {
        m_ui->connectionMessage->say(Kind::Error, connection.error().message());
        return;
    }
    if (!connection->warnings.isEmpty())
        m_ui->connectionMessage->say(Kind::Warning, connection->warnings.join(u'\n'));
    m_ui->understood->setFacts(connectionFacts(*connection, text));
}

void StartPage::requestConnection()
{
    const QString text = m_ui->connectionField->text().trimmed();
    if (const auto connection = ConnectionString::parse(text); !connection) {
        m_ui->connectionMessage->say(Kind::Error, connection.error().message());
        m_ui->connectionField->setFocus();
        return;
    }
    setConnecting(text);
    Q_EMIT connectRequested(text);
}

void StartPage::requestDemo()
{
    setStartingDemo();
    Q_EMIT demoRequested();
}

void StartPage::useRecent(const QString &connection)
{
    if (m_busy)
        return;
    const auto parsed = ConnectionString::parse(connection);
    if (!parsed || parsed->user.isEmpty()) {
        m_ui->connectionField->setText(connection);
        requestConnection();
        return;
    }
    // Passwords are not kept, so it has to be typed again, right where it belongs.
    const auto at = connection.indexOf(u'@');
    m_ui->connectionField->setText(QString(connection).insert(at, u':'));
    m_ui->connectionField->setCursorPosition(int(at) + 1);
    m_ui->connectionField->setFocus();
    m_ui->connectionMessage->say(Kind::Help,
                                 tr("Type the password of %1 before the @.").arg(parsed->user));
}

void StartPage::removeRecent(const QString &connection)
{
    QStringList rest = m_recent;
    rest.removeAll(connection);
    setRecent(rest);
    Q_EMIT recentRemoved(connection);
}

} // namespace EtcdRegistry
