// SPDX-License-Identifier: MIT
#include "scenarioinstance.h"

#include <QCoreApplication>
#include <QPointer>
#include <QTimer>

#include <utility>

using namespace Qt::StringLiterals;

namespace EtcdRegistry {

QString ScenarioReport::text() const
{
    const auto tr = [](const char *text) {
        return QCoreApplication::translate("EtcdRegistry::Scenario", text);
    };
    QStringList counts;
    for (const auto &[count, what] :
         {std::pair(crashes, tr("crashes: %1")), std::pair(pauses, tr("pauses: %1")),
          std::pair(flaps, tr("flaps: %1")), std::pair(changes, tr("changes: %1")),
          std::pair(leaves, tr("left by themselves: %1")),
          std::pair(failures, tr("failures: %1"))}) {
        if (count > 0)
            counts += what.arg(count);
    }
    const QString begin = tr("%1 of %2 joined").arg(joined).arg(instances);
    return counts.isEmpty() ? begin : begin + u"; "_s + counts.join(u", "_s);
}

ScenarioInstance::ScenarioInstance(Registry &registry, const Service &service,
                                   const Scenario::Behaviour &behaviour, ScenarioReport &report,
                                   QObject *parent)
    : QObject(parent)
    , m_registry(registry)
    , m_service(service)
    , m_behaviour(behaviour)
    , m_report(report)
{}

void ScenarioInstance::after(Duration time, void (ScenarioInstance::*what)())
{
    QTimer::singleShot(time, Qt::PreciseTimer, this, [this, what] {
        if (!m_over)
            (this->*what)();
    });
}

void ScenarioInstance::count(int &what)
{
    ++what;
    Q_EMIT reported();
}

void ScenarioInstance::fail(const Error &error)
{
    Q_EMIT failed(error);
    count(m_report.failures);
}

// The registry is the context, as this may be deleted before there is an answer.

void ScenarioInstance::expect(QFuture<Result<void>> future, int *counted)
{
    future.then(&m_registry, [self = QPointer(this), counted](const Result<void> &done) {
        if (!self)
            return;
        if (!done && done.error().code == Error::Code::NotFound)
            self->m_over = true; // somebody else here has left it
        else if (!done)
            self->fail(done.error());
        else if (counted)
            self->count(*counted);
    });
}

void ScenarioInstance::join()
{
    m_joining = true;
    m_registry.join(m_service).then(&m_registry, [self = QPointer(this), registry = &m_registry](
                                                     const Result<Registration> &registration) {
        if (self && !self->m_over)
            self->joined(registration);
        else if (registration) // too late
            registry->leave(registration->id);
    });
}

void ScenarioInstance::joined(const Result<Registration> &registration)
{
    m_joining = false;
    const bool first = !std::exchange(m_begun, true);
    if (registration)
        m_id = registration->id;
    else
        fail(registration.error());
    if (registration && first)
        behave();
    if (registration)
        count(first ? m_report.joined : m_report.flaps);
    if (first)
        Q_EMIT begun();
}

void ScenarioInstance::behave()
{
    if (m_behaviour.crashAfter)
        after(*m_behaviour.crashAfter, &ScenarioInstance::crash);
    if (m_behaviour.leaveAfter)
        after(*m_behaviour.leaveAfter, &ScenarioInstance::leave);
    if (m_behaviour.pause)
        after(m_behaviour.pause->after, &ScenarioInstance::pause);
    if (m_behaviour.flap)
        after(m_behaviour.flap->every, &ScenarioInstance::flap);
    if (m_behaviour.change)
        after(m_behaviour.change->every, &ScenarioInstance::change);
}

// ---- how it ends

void ScenarioInstance::end(int &why)
{
    m_over = true;
    m_report.away -= std::exchange(m_away, false);
    count(why);
}

void ScenarioInstance::crash()
{
    m_registry.pause(m_id);
    end(m_report.crashes);
}

void ScenarioInstance::leave()
{
    expect(m_registry.leave(std::exchange(m_id, 0)));
    end(m_report.leaves);
}

// ---- what may happen before

void ScenarioInstance::pause()
{
    m_registry.pause(m_id);
    count(m_report.pauses);
    after(m_behaviour.pause->length, &ScenarioInstance::resume);
}

void ScenarioInstance::resume()
{
    m_registry.resume(m_id);
}

void ScenarioInstance::flap()
{
    after(m_behaviour.flap->every, &ScenarioInstance::flap);
    if (m_id == 0) {
        if (!m_away && !m_joining) // it could not be joined the last time
            join();
        return;
    }
    m_away = true;
    count(m_report.away);
    expect(m_registry.leave(std::exchange(m_id, 0)));
    after(m_behaviour.flap->length, &ScenarioInstance::returns);
}

void ScenarioInstance::returns()
{
    m_report.away -= std::exchange(m_away, false);
    join();
}

void ScenarioInstance::change()
{
    after(m_behaviour.change->every, &ScenarioInstance::change);
    if (m_id == 0)
        return;
    m_service.document = m_behaviour.change->applied(m_service.document, ++m_changes);
    expect(m_registry.change(m_id, m_service.document), &m_report.changes);
}

} // namespace EtcdRegistry
