// SPDX-License-Identifier: MIT
#include "leaveandexit.h"

#include "session.h"

#include <QCoreApplication>
#include <QPointer>

#include <cstdio>

namespace EtcdRegistry {

using namespace std::chrono_literals;

namespace {

constexpr auto longest = 3500ms; ///< a little more than leaving takes at most

/// Not quit(), which asks the windows, and each of them may refuse to close.
void exitSaying(const QString &text)
{
    if (!text.isEmpty()) {
        const QByteArray line = text.toUtf8() + '\n';
        std::fwrite(line.constData(), 1, size_t(line.size()), stderr); // in one piece
    }
    QCoreApplication::exit(0);
}

} // namespace

void leaveAndExit(Session *session)
{
    if (!session)
        return exitSaying({});
    QObject::connect(session, &Session::leftAll, session, [] { exitSaying({}); });
    QObject::connect(session, &Session::leavingFailed, session, &exitSaying);
    QTimer::singleShot(longest, qApp, [session = QPointer(session)] {
        const auto held = session ? session->registry().registrations().size() : 0;
        exitSaying(held == 0
                       ? QString()
                       : Session::tr("%n registrations could not be left in time. They expire "
                                     "by themselves.",
                                     nullptr, int(held)));
    });
    session->leaveAll();
}

} // namespace EtcdRegistry
