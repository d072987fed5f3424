// SPDX-License-Identifier: MIT
#pragma once

#include "instancestate.h"

#include <QColor>
#include <QFont>
#include <QPalette>

class QApplication;
class QPainter;
class QRectF;

namespace EtcdRegistry::Theme {

/// The colours, signs and measures of the window, in one place: no colour literal stands anywhere
/// else. Pure functions of a palette; light or dark is read off the palette itself.

enum class Role {
    Window,
    Base,
    Text,
    Dim,
    Line,
    Accent,
    Selection,
    Error,
    JsonKey,
    JsonString,
    JsonNumber,
    JsonWord
};
enum class Scheme { System, Light, Dark };

constexpr int rowHeight = 26;
constexpr int cellPadding = 8;
constexpr int dialogMargin = 16;

/// Fusion, our palette and the small style sheet. System: dark where the system's palette is.
void apply(QApplication &application, Scheme scheme);

bool isDark(const QPalette &palette);
QColor color(Role role, const QPalette &palette);
QColor color(InstanceState state, const QPalette &palette);
/// A colour of its own for each text, so that one cluster is not taken for another.
QColor identityColor(const QString &text, const QPalette &palette);

/// The sign of a state (disc, triangle, ...), centred in the rectangle, about 11 px wide.
void paintState(QPainter &painter, const QRectF &rect, InstanceState state,
                const QPalette &palette);

/// One line of text with figures of one width, so that times do not dance: Qt 6.4 can't ask a font
/// for its tabular figures. In the painter's font and pen; centred vertically; Qt::AlignRight
/// counts.
void drawFigures(QPainter &painter, const QRectF &rect, Qt::Alignment alignment,
                 const QString &text);

QFont documentFont();               ///< monospace, for documents and keys
QFont smallFont(const QFont &base); ///< one step smaller: headers, counts

} // namespace EtcdRegistry::Theme
