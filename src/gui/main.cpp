// SPDX-License-Identifier: MIT
#include "mainwindow.h"
#include "screenshot.h"
#include "session.h"
#include "terminationsignals.h"
#include "theme.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QSettings>

#include <cstdio>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace {

constexpr int usageError = 2;

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Main)
};

std::optional<Theme::Scheme> schemeNamed(const QString &name)
{
    if (name == u"light")
        return Theme::Scheme::Light;
    if (name == u"dark")
        return Theme::Scheme::Dark;
    if (name == u"system" || name.isEmpty())
        return Theme::Scheme::System;
    return std::nullopt;
}

int fail(const QString &message)
{
    std::fprintf(stderr, "%s\n", qPrintable(message));
    return usageError;
}

/// At the end of the desktop session nobody is there to be asked.
void leave(const MainWindow &window)
{
    Session *session = window.session();
    if (!session)
        return QCoreApplication::quit();
    QObject::connect(session, &Session::leftAll, &QCoreApplication::quit);
    QObject::connect(session, &Session::leavingFailed, [](const QString &what) {
        std::fprintf(stderr, "%s\n", qPrintable(what));
        QCoreApplication::quit();
    });
    session->leaveAll();
}

} // namespace

int main(int argc, char *argv[])
{
    QApplication application(argc, argv);
    QCoreApplication::setOrganizationName(u"etcd-registry-browser"_s);
    QCoreApplication::setApplicationName(u"etcd-registry-browser"_s);
    QCoreApplication::setApplicationVersion(QLatin1StringView(ETCD_REGISTRY_VERSION));
    QGuiApplication::setApplicationDisplayName(Text::tr("etcd registry browser"));
    QGuiApplication::setDesktopFileName(u"etcd-registry-browser"_s);

    QCommandLineParser parser;
    parser.setApplicationDescription(Text::tr("See every service registered in an etcd cluster."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(u"CONNECTION"_s,
                                 Text::tr("Connect to it at once, for example "
                                          "http://127.0.0.1:2379/shop."),
                                 u"[CONNECTION]"_s);
    const QCommandLineOption demo(u"demo"_s,
                                  Text::tr("Start a private etcd with sample services."));
    const QCommandLineOption screenshot(
        u"screenshot"_s,
        Text::tr("Write a picture of the window once data is shown, print a table "
                 "of the services, and end."),
        u"FILE"_s);
    const QCommandLineOption scheme(u"scheme"_s, Text::tr("Colours: light, dark or system."),
                                    u"SCHEME"_s);
    const QCommandLineOption select(
        u"select"_s, Text::tr("Choose this service once data is shown."), u"NAMESPACE/SERVICE"_s);
    parser.addOptions({demo, screenshot, scheme, select});
    parser.process(application);

    const QStringList arguments = parser.positionalArguments();
    if (arguments.size() > 1)
        return fail(Text::tr("One connection at a time: %1 is one too many.").arg(arguments[1]));
    if (parser.isSet(demo) && !arguments.isEmpty())
        return fail(Text::tr("Either --demo or a connection, not both."));
    if (parser.isSet(screenshot) && !parser.isSet(demo) && arguments.isEmpty())
        return fail(Text::tr("--screenshot needs a connection, or --demo."));

    QSettings settings;
    const auto chosen = schemeNamed(parser.isSet(scheme) ? parser.value(scheme)
                                                         : settings.value("scheme"_L1).toString());
    if (!chosen)
        return fail(
            Text::tr("No such colours: %1. Say light, dark or system.").arg(parser.value(scheme)));
    Theme::apply(application, *chosen);

    MainWindow window(settings);
    const TerminationSignals termination;
    QObject::connect(&termination, &TerminationSignals::received, &window,
                     [&window] { leave(window); });
    if (parser.isSet(select))
        window.chooseWhenConnected(parser.value(select));
    if (parser.isSet(screenshot))
        new Screenshot(window, parser.value(screenshot));
    if (parser.isSet(demo))
        window.startDemo();
    else if (!arguments.isEmpty())
        window.connectTo(arguments.first());
    window.show();
    return application.exec();
}
