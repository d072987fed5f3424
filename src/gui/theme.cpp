// SPDX-License-Identifier: MIT
#include "theme.h"

#include <QApplication>
#include <QCryptographicHash>
#include <QFontDatabase>
#include <QLabel>
#include <QPainter>
#include <QPainterPath>
#include <QProxyStyle>
#include <QStyleOption>

#include <array>

namespace EtcdRegistry::Theme {

using namespace Qt::StringLiterals;

namespace {

struct Shade
{
    QRgb light;
    QRgb dark;
};

constexpr Shade shadeOf(Role role)
{
    switch (role) {
    case Role::Window:
        return {0xfff4f5f7, 0xff1b1f24};
    case Role::Base:
        return {0xffffffff, 0xff22272e};
    case Role::Text:
        return {0xff1f2328, 0xffd7dde3};
    case Role::Dim:
        return {0xff59636e, 0xff8b949e};
    case Role::Line:
        return {0xffdfe3e8, 0xff353c45};
    case Role::Accent:
        return {0xff0969da, 0xff539bf5};
    case Role::Selection:
        return {0xffe3effd, 0xff24405f};
    case Role::Error:
        return {0xffcf222e, 0xfff9544c};
    case Role::JsonKey:
        return {0xff0550ae, 0xff6cb6ff};
    case Role::JsonString:
        return {0xff116329, 0xff57ab5a};
    case Role::JsonNumber:
        return {0xff953800, 0xffe0823d};
    case Role::JsonWord:
        return {0xff8250df, 0xffb083f0};
    }
    Q_UNREACHABLE();
}

constexpr Shade shadeOf(InstanceState state)
{
    switch (state) {
    case InstanceState::Alive:
        return {0xff1a7f37, 0xff3fb950};
    case InstanceState::Paused:
        return {0xff59636e, 0xff8b949e};
    case InstanceState::NoTtl:
        return {0xff8250df, 0xffa574f7};
    case InstanceState::Late:
        return {0xff9a6700, 0xffd29922};
    case InstanceState::Expiring:
        return {0xffbc4c00, 0xffe0823d};
    case InstanceState::Broken:
        return {0xffcf222e, 0xfff9544c};
    }
    Q_UNREACHABLE();
}

QColor pick(Shade shade, bool dark)
{
    return QColor::fromRgb(dark ? shade.dark : shade.light);
}

QColor between(const QColor &a, const QColor &b)
{
    return QColor::fromRgbF((a.redF() + b.redF()) / 2, (a.greenF() + b.greenF()) / 2,
                            (a.blueF() + b.blueF()) / 2);
}

QPalette paletteOf(bool dark)
{
    const auto role = [dark](Role r) { return pick(shadeOf(r), dark); };
    const QColor window = role(Role::Window), base = role(Role::Base), text = role(Role::Text);
    const QColor dim = role(Role::Dim), line = role(Role::Line), accent = role(Role::Accent);

    QPalette palette;
    palette.setColor(QPalette::Window, window);
    palette.setColor(QPalette::WindowText, text);
    palette.setColor(QPalette::Base, base);
    palette.setColor(QPalette::AlternateBase, window);
    palette.setColor(QPalette::Text, text);
    palette.setColor(QPalette::PlaceholderText, dim);
    palette.setColor(QPalette::Button, dark ? line : window);
    palette.setColor(QPalette::ButtonText, text);
    palette.setColor(QPalette::BrightText, role(Role::Error));
    palette.setColor(QPalette::Link, accent);
    palette.setColor(QPalette::LinkVisited, accent);
    palette.setColor(QPalette::Highlight, role(Role::Selection));
    palette.setColor(QPalette::HighlightedText, text);
    palette.setColor(QPalette::ToolTipBase, base);
    palette.setColor(QPalette::ToolTipText, text);
    palette.setColor(QPalette::Light, base);
    palette.setColor(QPalette::Midlight, between(base, line));
    palette.setColor(QPalette::Mid, line);
    palette.setColor(QPalette::Dark, between(line, dim));
    palette.setColor(QPalette::Shadow, dim);
    for (auto part :
         {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::PlaceholderText})
        palette.setColor(QPalette::Disabled, part, between(dim, window));
    return palette;
}

/// What a palette can't say: the lines between panels, and controls without bevels.
QString styleSheet(const QPalette &palette)
{
    static constexpr auto sheet = R"(
QToolBar { background: $window; border: 0; border-bottom: 1px solid $line; padding: 6px 8px; spacing: 6px; }
QStatusBar { background: $window; border-top: 1px solid $line; }
QStatusBar::item { border: 0; }
QSplitter::handle { background: $line; }
QAbstractItemView, QTextEdit, QPlainTextEdit { border: 1px solid $base; outline: 0; }
QAbstractItemView:focus, QTextEdit:focus, QPlainTextEdit:focus { border-color: $accent; }
QHeaderView { background: $base; border: 0; }
QHeaderView::section { background: $base; color: $dim; border: 0; border-bottom: 1px solid $line; padding: 0 8px; }
QHeaderView::up-arrow, QHeaderView::down-arrow { subcontrol-origin: margin; subcontrol-position: top center; width: 7px; height: 7px; }
QTabWidget::pane { border: 0; }
QTabBar { background: $window; }
QTabBar::tab { color: $dim; padding: 5px 11px 6px 11px; border: 1px solid transparent; border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:selected:focus { border-color: $accent; }
QToolTip { background: $base; color: $text; border: 1px solid $line; padding: 4px 6px; }
QLineEdit, QSpinBox, QDoubleSpinBox, QPlainTextEdit[field="true"] { background: $base; border: 1px solid $line;
    border-radius: 4px; padding: 4px 8px; selection-background-color: $selection; }
QPlainTextEdit[field="true"] { padding: 2px 4px; }
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QPlainTextEdit[field="true"]:focus { border-color: $accent; }
*[invalid="true"], *[invalid="true"]:focus { border-color: $error; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QPushButton { background: $base; border: 1px solid $line; border-radius: 4px; padding: 5px 14px; }
QPushButton:hover { background: $selection; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { background: transparent; color: $faint; }
QPushButton[primary="true"] { background: $accent; border-color: $accent; color: $base; font-weight: 600; }
QPushButton[primary="true"]:focus, QToolButton[primary="true"]:focus { border-color: $text; }
QPushButton[primary="true"]:disabled { background: transparent; border-color: $line; color: $faint; }
QPushButton[flat="true"] { background: transparent; border-color: transparent; }
QPushButton[flat="true"]:hover { background: $selection; }
QToolButton { border: 1px solid transparent; border-radius: 4px; padding: 5px 8px; }
QToolButton:hover { background: $selection; }
QToolButton:focus, QToolButton:checked { border-color: $accent; }
QToolButton:disabled { color: $faint; }
QToolButton[primary="true"] { background: $accent; color: $base; font-weight: 600; }
QToolButton[primary="true"]:disabled { background: $line; color: $faint; }
QToolButton[menu="true"] { padding-right: 20px; }
QToolButton::menu-indicator { subcontrol-origin: padding; subcontrol-position: right center; right: 5px; }
QPushButton::menu-indicator { subcontrol-origin: padding; subcontrol-position: right center; right: 8px; }
#connectionButton { padding-left: 16px; padding-right: 28px; font-weight: 600; }
#heading { border: 0; border-bottom: 1px solid $line; }
QPushButton[small="true"] { padding: 1px 10px; }
#notice { background: $base; border: 0; border-top: 1px solid $line; }
QAbstractScrollArea::corner { background: $base; border: 0; }
QScrollBar { background: transparent; border: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: $mark; border-radius: 3px; margin: 2px; min-height: 24px; min-width: 24px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
)";
    QString text = QString::fromLatin1(sheet);
    const std::array<std::pair<QLatin1StringView, QColor>, 10> colors{{
        {"$window"_L1, color(Role::Window, palette)},
        {"$base"_L1, color(Role::Base, palette)},
        {"$text"_L1, color(Role::Text, palette)},
        {"$dim"_L1, color(Role::Dim, palette)},
        {"$line"_L1, color(Role::Line, palette)},
        {"$accent"_L1, color(Role::Accent, palette)},
        {"$selection"_L1, color(Role::Selection, palette)},
        {"$error"_L1, color(Role::Error, palette)},
        {"$mark"_L1, palette.color(QPalette::Dark)},
        {"$faint"_L1, palette.color(QPalette::Disabled, QPalette::Text)},
    }};
    for (const auto &[name, value] : colors)
        text.replace(name, value.name());
    return text;
}

/// Qt takes a text that looks like HTML for HTML, in labels, tool tips and message boxes, and loads
/// the files that it names. Here nobody's text is, unless a label was told to show rich text.
class PlainLabels : public QObject
{
public:
    using QObject::QObject;

    bool eventFilter(QObject *watched, QEvent *event) override
    {
        // Each label is polished before it is shown, tool tips while they are made.
        auto *label = event->type() == QEvent::Polish ? qobject_cast<QLabel *>(watched) : nullptr;
        if (label && label->textFormat() == Qt::AutoText)
            label->setTextFormat(Qt::PlainText);
        return false;
    }
};

void keepLabelsPlain()
{
    qApp->installEventFilter(new PlainLabels(qApp));
}
Q_COREAPP_STARTUP_FUNCTION(keepLabelsPlain) // there is no window without it

/// What neither a palette nor a sheet can say.
class Style : public QProxyStyle
{
public:
    Style()
        : QProxyStyle(u"Fusion"_s)
    {}

    void drawPrimitive(PrimitiveElement element, const QStyleOption *option, QPainter *painter,
                       const QWidget *widget) const override
    {
        switch (element) {
        case PE_IndicatorCheckBox:
            return paintCheckBox(*option, *painter);
        case PE_FrameFocusRect:
            return paintFocus(*option, *painter, widget && widget->property("primary").toBool());
        case PE_FrameTabBarBase:
            return; // our panels have lines of their own
        default:
            return QProxyStyle::drawPrimitive(element, option, painter, widget);
        }
    }

private:
    /// Fusion's is told from its ground by a shade that a dark ground does not have.
    static void paintCheckBox(const QStyleOption &option, QPainter &painter)
    {
        const QPalette &palette = option.palette;
        const bool enabled = option.state & State_Enabled, checked = option.state & State_On;
        const QColor line = enabled ? color(checked ? Role::Accent : Role::Dim, palette)
                                    : palette.color(QPalette::Disabled, QPalette::Text);
        const int side = std::min(option.rect.width(), option.rect.height()) - 1;
        QRectF box(0, 0, side, side);
        box.moveCenter(QRectF(option.rect).center());
        painter.save();
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(line);
        painter.setBrush(checked ? line : color(Role::Base, palette));
        painter.drawRoundedRect(box, 3, 3);
        if (checked) {
            painter.translate(box.topLeft());
            painter.scale(side / 12.0, side / 12.0);
            painter.setPen(QPen(color(Role::Base, palette), 1.6));
            painter.setBrush(Qt::NoBrush);
            painter.drawPolyline(QPolygonF{QPointF(2.8, 6.2), QPointF(5, 8.5), QPointF(9.3, 3.6)});
        }
        painter.restore();
    }

    static void paintFocus(const QStyleOption &option, QPainter &painter, bool onAccent)
    {
        painter.save();
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(color(onAccent ? Role::Base : Role::Accent, option.palette));
        painter.setBrush(Qt::NoBrush);
        painter.drawRoundedRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3);
        painter.restore();
    }
};

void paintCross(QPainter &painter, const QColor &ink)
{
    painter.setPen(QPen(ink, 2, Qt::SolidLine, Qt::FlatCap));
    painter.drawLine(QPointF(-4, -4), QPointF(4, 4));
    painter.drawLine(QPointF(-4, 4), QPointF(4, -4));
}

} // namespace

void apply(QApplication &application, Scheme scheme)
{
    application.setStyle(new Style);
    application.setPalette(QPalette()); // the system's, to be asked whether it is dark
    const bool dark =
        scheme == Scheme::Dark || (scheme == Scheme::System && isDark(application.palette()));
    const QPalette palette = paletteOf(dark);
    application.setPalette(palette);
    application.setStyleSheet(styleSheet(palette));
}

bool isDark(const QPalette &palette)
{
    return palette.color(QPalette::Window).lightness() < 128;
}

QColor color(Role role, const QPalette &palette)
{
    return pick(shadeOf(role), isDark(palette));
}

QColor color(InstanceState state, const QPalette &palette)
{
    return pick(shadeOf(state), isDark(palette));
}

QColor identityColor(const QString &text, const QPalette &palette)
{
    const quint8 hash =
        quint8(QCryptographicHash::hash(text.toUtf8(), QCryptographicHash::Md5).front());
    return QColor::fromHslF(hash / 256.f, 0.6f, isDark(palette) ? 0.6f : 0.42f);
}

void paintState(QPainter &painter, const QRectF &rect, InstanceState state, const QPalette &palette)
{
    const QColor ink = color(state, palette);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.translate(rect.center());
    painter.setPen(Qt::NoPen);
    painter.setBrush(ink);
    switch (state) {
    case InstanceState::Alive:
        painter.drawEllipse(QPointF(), 4.5, 4.5);
        break;
    case InstanceState::Late:
        painter.drawPolygon(QPolygonF{QPointF(0, -5), QPointF(5.5, 4.5), QPointF(-5.5, 4.5)});
        break;
    case InstanceState::Expiring:
        painter.drawPie(QRectF(-4.5, -4.5, 9, 9), 90 * 16, -120 * 16);
        painter.setPen(QPen(ink, 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(QPointF(), 4.5, 4.5);
        break;
    case InstanceState::NoTtl:
        painter.setPen(QPen(ink, 1.5));
        painter.setBrush(Qt::NoBrush);
        painter.drawEllipse(QPointF(-2.5, 0), 3, 3);
        painter.drawEllipse(QPointF(2.5, 0), 3, 3);
        break;
    case InstanceState::Broken:
        paintCross(painter, ink);
        break;
    case InstanceState::Paused:
        painter.drawRect(QRectF(-3.5, -4, 2.5, 8));
        painter.drawRect(QRectF(1, -4, 2.5, 8));
        break;
    }
    painter.restore();
}

void drawFigures(QPainter &painter, const QRectF &rect, Qt::Alignment alignment,
                 const QString &text)
{
    const QFontMetricsF metrics(painter.font());
    qreal figure = 0;
    for (QChar c = u'0'; c <= u'9'; c = QChar(c.unicode() + 1))
        figure = std::max(figure, metrics.horizontalAdvance(c));
    const auto widthOf = [&](QChar c) {
        return c.isDigit() ? figure : metrics.horizontalAdvance(c);
    };

    qreal x = rect.left();
    if (alignment & Qt::AlignRight) {
        x = rect.right();
        for (QChar c : text)
            x -= widthOf(c);
    }
    const qreal y = rect.center().y() + (metrics.ascent() - metrics.descent()) / 2;
    for (QChar c : text) {
        const qreal width = widthOf(c);
        painter.drawText(QPointF(x + (width - metrics.horizontalAdvance(c)) / 2, y), QString(c));
        x += width;
    }
}

QFont documentFont()
{
    return QFontDatabase::systemFont(QFontDatabase::FixedFont);
}

QFont smallFont(const QFont &base)
{
    QFont font = base;
    if (font.pointSizeF() > 0)
        font.setPointSizeF(font.pointSizeF() - 1);
    else
        font.setPixelSize(font.pixelSize() - 1);
    return font;
}

} // namespace EtcdRegistry::Theme
