// SPDX-License-Identifier: MIT
#include "commandline.h"

#include <QCommandLineParser>
#include <QCoreApplication>

#include <algorithm>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Main)
};

} // namespace

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

CommandLine CommandLine::read()
{
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

    const QStringList words = QCoreApplication::arguments();
    CommandLine line;
    if (!parser.parse(words)) {
        line.fault = parser.errorText();
        return line;
    }
    const QStringList telling{u"help"_s, u"help-all"_s, u"version"_s};
    if (std::ranges::any_of(telling, [&](const QString &name) { return parser.isSet(name); }))
        parser.process(words);

    const QStringList arguments = parser.positionalArguments();
    line.demo = parser.isSet(demo);
    line.connection = arguments.value(0);
    line.screenshot = parser.value(screenshot);
    line.select = parser.value(select);
    if (parser.isSet(scheme))
        line.scheme = schemeNamed(parser.value(scheme));
    if (arguments.size() > 1)
        line.fault = Text::tr("One connection at a time: %1 is one too many.").arg(arguments[1]);
    else if (line.demo && !arguments.isEmpty())
        line.fault = Text::tr("Either --demo or a connection, not both.");
    else if (parser.isSet(screenshot) && !line.demo && arguments.isEmpty())
        line.fault = Text::tr("--screenshot needs a connection, or --demo.");
    else if (parser.isSet(scheme) && !line.scheme)
        line.fault =
            Text::tr("No such colours: %1. Say light, dark or system.").arg(parser.value(scheme));
    return line;
}

} // namespace EtcdRegistry
