// SPDX-License-Identifier: MIT
#include "commandline.h"
#include "leaveandexit.h"
#include "mainwindow.h"
#include "screenshot.h"
#include "terminationsignals.h"
#include "theme.h"
#include "utf8locale.h"

#include <QApplication>
#include <QSettings>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace {

constexpr int usageError = 2;

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Main)
};

/// At once: fprintf() writes to stderr in pieces of 128 bytes from glibc 2.37 on.
void complain(const QString &message)
{
    const QByteArray line = message.toUtf8() + '\n';
    std::fwrite(line.constData(), 1, size_t(line.size()), stderr);
}

/// While it exists, Qt looks for a display. Where there is none Qt would say so in many lines and
/// abort: this says it in one, or what is wrong with the command line, and ends the process.
class OpeningDisplay
{
    Q_DISABLE_COPY_MOVE(OpeningDisplay)
public:
    explicit OpeningDisplay(const QString &fault)
    {
        s_fault = fault;
        qInstallMessageHandler(hear);
    }

    ~OpeningDisplay()
    {
        qInstallMessageHandler(nullptr);
        for (const auto &[written, message] : std::as_const(s_heard)) {
            if (!message.contains("XDG_RUNTIME_DIR not set"_L1)) // as under cron: it takes another
                complain(written);
        }
    }

private:
    static void hear(QtMsgType type, const QMessageLogContext &context, const QString &message)
    {
        s_heard.append({qFormatLogMessage(type, context, message), message.simplified()});
        if (type != QtFatalMsg)
            return;
        if (!s_fault.isEmpty()) {
            complain(s_fault);
            std::_Exit(usageError);
        }
        complain(Text::tr("No window can be opened: %1. The command etcd-registry needs none.")
                     .arg(s_heard.first().second));
        std::_Exit(EXIT_FAILURE);
    }

    inline static QString s_fault;
    inline static QList<std::pair<QString, QString>> s_heard;
};

/// What needs no window is answered without one. Returns what is wrong with the command line, as
/// far as that is known before Qt has taken options of its own off it.
QString faultWithoutWindow(int argc, char *argv[])
{
    const QCoreApplication application = [&] {
        const Utf8Locale locale;
        return QCoreApplication(argc, argv);
    }();
    const bool hasOptionsOfQt =
        std::ranges::any_of(application.arguments(), [](const QString &word) {
            return word.size() > 2 && word.startsWith(u'-') && !word.startsWith("--"_L1);
        });
    const QString fault = CommandLine::read().fault;
    return hasOptionsOfQt ? QString() : fault;
}

} // namespace

int main(int argc, char *argv[])
{
    QCoreApplication::setOrganizationName(u"etcd-registry-browser"_s);
    QCoreApplication::setApplicationName(u"etcd-registry-browser"_s);
    QCoreApplication::setApplicationVersion(QLatin1StringView(ETCD_REGISTRY_VERSION));
    const QString fault = faultWithoutWindow(argc, argv);
    QApplication application = [&] {
        const OpeningDisplay opening(fault);
        return QApplication(argc, argv);
    }();
    QGuiApplication::setApplicationDisplayName(Text::tr("etcd registry browser"));
    QGuiApplication::setDesktopFileName(u"etcd-registry-browser"_s);

    const CommandLine line = CommandLine::read();
    if (!line.fault.isEmpty()) {
        complain(line.fault);
        return usageError;
    }
    QSettings settings;
    Theme::apply(
        application,
        line.scheme.value_or(
            schemeNamed(settings.value("scheme"_L1).toString()).value_or(Theme::Scheme::System)));

    MainWindow window(settings);
    const TerminationSignals termination;
    QObject::connect(&termination, &TerminationSignals::received, &window,
                     [&window] { leaveAndExit(window.session()); });
    if (!line.select.isEmpty())
        window.chooseWhenConnected(line.select);
    if (!line.screenshot.isEmpty())
        new Screenshot(window, line.screenshot);
    if (line.demo)
        window.startDemo();
    else if (!line.connection.isEmpty())
        window.connectTo(line.connection);
    window.show();
    return application.exec();
}
