// SPDX-License-Identifier: MIT
#include "theme.h"

#include <QApplication>
#include <QPainter>
#include <QTest>

#include <cmath>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace {

double luminance(const QColor &color)
{
    const auto linear = [](double c) {
        return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF())
           + 0.0722 * linear(color.blueF());
}

double contrast(const QColor &a, const QColor &b)
{
    const double x = luminance(a) + 0.05, y = luminance(b) + 0.05;
    return std::max(x, y) / std::min(x, y);
}

const QList<InstanceState> allStates{InstanceState::Alive,    InstanceState::Paused,
                                     InstanceState::NoTtl,    InstanceState::Late,
                                     InstanceState::Expiring, InstanceState::Broken};

} // namespace

class TestTheme : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void canBeRead_data();
    void canBeRead();
    void tellsStatesByShape();
    void drawsFiguresOfOneWidth();
};

void TestTheme::canBeRead_data()
{
    QTest::addColumn<Theme::Scheme>("scheme");
    QTest::newRow("light") << Theme::Scheme::Light;
    QTest::newRow("dark") << Theme::Scheme::Dark;
}

void TestTheme::canBeRead()
{
    QFETCH(Theme::Scheme, scheme);
    Theme::apply(*qApp, scheme);
    const QPalette palette = qApp->palette();
    QCOMPARE(Theme::isDark(palette), scheme == Theme::Scheme::Dark);
    using Theme::Role;
    const auto role = [&](Role r) { return Theme::color(r, palette); };
    for (const Role ground : {Role::Window, Role::Base}) {
        for (const Role words : {Role::Text, Role::Dim, Role::Accent, Role::Error})
            QVERIFY2(contrast(role(words), role(ground)) >= 4.5,
                     qPrintable(role(words).name() + u" on "_s + role(ground).name()));
    }
    for (const Role words : {Role::JsonKey, Role::JsonString, Role::JsonNumber, Role::JsonWord})
        QVERIFY2(contrast(role(words), role(Role::Base)) >= 4.5, qPrintable(role(words).name()));
    QVERIFY(contrast(role(Role::Text), role(Role::Selection)) >= 4.5);
    QVERIFY(contrast(role(Role::Base), role(Role::Accent)) >= 4.5); // a primary button
    for (const InstanceState state : allStates) {
        const QColor color = Theme::color(state, palette);
        QVERIFY2(contrast(color, role(Role::Base)) >= 4.5, qPrintable(color.name()));
        QVERIFY2(contrast(color, role(Role::Selection)) >= 3, qPrintable(color.name()));
    }
}

void TestTheme::tellsStatesByShape()
{
    QList<QImage> shapes;
    for (const InstanceState state : allStates) {
        QImage image(16, 16, QImage::Format_ARGB32_Premultiplied);
        image.fill(Qt::transparent);
        QPainter painter(&image);
        Theme::paintState(painter, image.rect(), state, qApp->palette());
        painter.end();
        const QImage shape = image.convertToFormat(QImage::Format_Alpha8);
        QVERIFY(shape != QImage(shape.size(), shape.format()));
        QVERIFY(!shapes.contains(shape));
        shapes.append(shape);
    }
}

void TestTheme::drawsFiguresOfOneWidth()
{
    const auto inkOf = [](const QString &text) {
        QImage image(200, 30, QImage::Format_ARGB32_Premultiplied);
        image.fill(Qt::white);
        QPainter painter(&image);
        Theme::drawFigures(painter, image.rect(), Qt::AlignRight, text);
        painter.end();
        int left = 0;
        for (; left < 200; ++left) {
            for (int y = 0; y < 30; ++y) {
                if (image.pixel(left, y) != qRgb(255, 255, 255))
                    return left;
            }
        }
        return left;
    };
    // What stands before the figures does not move, whichever they are.
    QCOMPARE(inkOf(u"|1.1 s"_s), inkOf(u"|8.8 s"_s));
    QVERIFY(inkOf(u"|1.1 s"_s) < 200);
}

QTEST_MAIN(TestTheme)
#include "tst_theme.moc"
