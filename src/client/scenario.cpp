// SPDX-License-Identifier: MIT
#include "scenario.h"

#include <QCoreApplication>

#include <algorithm>

using namespace Qt::StringLiterals;
using std::chrono::milliseconds;

namespace EtcdRegistry {
namespace {

QString path(const QString &nameSpace)
{
    return nameSpace.split(u'/', Qt::SkipEmptyParts).join(u'/');
}

/// The namespace as a scenario for this connection says it.
QString relative(const QString &nameSpace, const QString &base)
{
    if (base.isEmpty() || nameSpace == base)
        return base.isEmpty() ? nameSpace : QString();
    return nameSpace.startsWith(base + u'/') ? nameSpace.sliced(base.size() + 1) : u'/' + nameSpace;
}

/// Fields in their order, without those that have no value.
class ObjectWriter
{
public:
    void add(const QString &name, const QByteArray &value)
    {
        if (!value.isEmpty())
            m_fields.append({name, value});
    }
    void add(const QString &name, const QString &text)
    {
        add(name, text.isEmpty() ? QByteArray() : Json::quoted(text));
    }
    void add(const QString &name, int number, int preset)
    {
        add(name, number == preset ? QByteArray() : QByteArray::number(number));
    }
    void add(const QString &name, std::optional<milliseconds> time)
    {
        if (time && *time > milliseconds(0))
            add(name, QByteArray::number(double(time->count()) / 1000, 'g', 15));
    }
    void add(const QString &name, const ObjectWriter &object)
    {
        if (!object.m_fields.isEmpty())
            add(name, object.text());
    }
    QByteArray text() const { return Json::object(m_fields); }

private:
    Json::Fields m_fields;
};

ObjectWriter written(const Scenario::Behaviour &behaviour)
{
    ObjectWriter object;
    object.add(u"crashAfter"_s, behaviour.crashAfter);
    object.add(u"leaveAfter"_s, behaviour.leaveAfter);
    if (const auto &pause = behaviour.pause) {
        ObjectWriter inner;
        inner.add(u"after"_s, pause->after);
        inner.add(u"for"_s, pause->length);
        object.add(u"pause"_s, inner);
    }
    if (const auto &flap = behaviour.flap) {
        ObjectWriter inner;
        inner.add(u"every"_s, flap->every);
        inner.add(u"for"_s, flap->length);
        object.add(u"flap"_s, inner);
    }
    if (const auto &change = behaviour.change) {
        ObjectWriter inner;
        inner.add(u"field"_s, Json::quoted(change->field));
        inner.add(u"every"_s, change->every);
        if (!change->values.isEmpty())
            inner.add(u"values"_s, '[' + change->values.join(',') + ']');
        object.add(u"change"_s, inner);
    }
    return object;
}

ObjectWriter written(const Scenario::Group &group)
{
    const Service &service = group.service;
    ObjectWriter object;
    object.add(u"name"_s, service.name);
    object.add(u"namespace"_s, service.nameSpace);
    object.add(u"count"_s, group.count, 1);
    object.add(u"port"_s, service.port, 0);
    object.add(u"hostname"_s, service.hostname);
    object.add(u"protocol"_s, service.protocol);
    object.add(u"document"_s, service.document == "{}" ? QByteArray() : service.document);
    object.add(u"ttl"_s, service.ttl);
    object.add(u"heartbeat"_s, service.heartbeat);
    object.add(u"whenTaken"_s,
               service.whenTaken == Service::WhenTaken::LetGo ? u"let-go"_s : QString());
    object.add(u"behaviour"_s, written(group.behaviour));
    return object;
}

} // namespace

QString Scenario::Fault::message() const
{
    return QCoreApplication::translate("EtcdRegistry::Scenario", "Line %1, column %2: %3.")
        .arg(position.line)
        .arg(position.column)
        .arg(reason);
}

QByteArray Scenario::Behaviour::Change::applied(const QByteArray &document, int times) const
{
    const QByteArray value =
        values.isEmpty() ? QByteArray::number(times) : values[(times - 1) % values.size()];
    auto fields = Json::fields(document).value();
    const auto known = std::ranges::find(fields, field, &Json::Field::name);
    if (known == fields.end())
        fields.append({field, value});
    else
        known->value = value;
    return Json::object(fields);
}

QList<Service> Scenario::Group::services(const ConnectionString &connection) const
{
    Service each = service;
    if (!each.nameSpace.startsWith(u'/'))
        each.nameSpace.prepend(connection.nameSpace + u'/');
    each.nameSpace = path(each.nameSpace);
    if (each.heartbeat == milliseconds(0))
        each.heartbeat = each.ttl == milliseconds(0) ? connection.heartbeat : each.ttl / 2;
    if (each.ttl == milliseconds(0))
        each.ttl = connection.ttl;
    QList<Service> services(count, each);
    for (int i = 1; i < count && service.port > 0; ++i)
        services[i].port += i;
    return services;
}

QByteArray Scenario::toText() const
{
    QByteArrayList objects;
    for (const Group &group : groups)
        objects.append(written(group).text());
    return Json::indented("{\"registrations\":[" + objects.join(',') + "]}") + '\n';
}

Scenario Scenario::of(const QList<Registration> &registrations, const ConnectionString &connection)
{
    const QString base = path(connection.nameSpace);
    Scenario scenario;
    for (const Registration &registration : registrations) {
        Service service = registration.service;
        service.nameSpace = relative(path(service.nameSpace), base);
        service.ownLease = false;
        if (!scenario.groups.isEmpty()) {
            Group &last = scenario.groups.last();
            Service next = last.service;
            next.port += last.count;
            if (next == service && last.service.port > 0) {
                ++last.count;
                continue;
            }
        }
        scenario.groups.append({.service = service});
    }
    for (Group &group : scenario.groups) {
        Service &service = group.service;
        const bool isDefault =
            service.ttl == connection.ttl && service.heartbeat == connection.heartbeat;
        if (isDefault || service.heartbeat >= service.ttl / 2)
            service.heartbeat = milliseconds(0);
        if (isDefault)
            service.ttl = milliseconds(0);
    }
    return scenario;
}

} // namespace EtcdRegistry
