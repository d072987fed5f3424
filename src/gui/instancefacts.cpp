// SPDX-License-Identifier: MIT
#include "instancefacts.h"

#include "durationtext.h"
#include "layout.h"

#include <QCoreApplication>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::InstanceFacts)
};

/// Of a broken instance: where its document says that it belongs, if it says so.
QString expectedKey(const Instance &instance)
{
    const auto fields = Json::fields(instance.document);
    if (!fields || instance.problem == Instance::Problem::None)
        return {};
    Service service;
    for (const Json::Field &field : *fields) {
        if (field.name == u"name")
            service.name = Json::text(field.value);
    }
    service.nameSpace = instance.nameSpace;
    service.document = instance.document;
    const auto record = Layout::encode(service);
    return record ? record->key : QString();
}

QString leaseText(const Instance &instance)
{
    if (instance.api == Api::V2)
        return {}; // it has none
    return instance.lease == 0 ? Text::tr("none")
                               : Text::tr("%1 (%2 in etcdctl)")
                                     .arg(instance.lease)
                                     .arg(QString::number(quint64(instance.lease), 16));
}

QString ttlText(const Instance &instance)
{
    return !instance.hasTtl ? Text::tr("none")
           : instance.ttl   ? durationText(*instance.ttl)
                            : Text::tr("not known yet");
}

QString timeLeftText(const Instance &instance, Instance::Clock::time_point now)
{
    return !instance.hasTtl   ? Text::tr("it never expires by itself")
           : instance.expires ? durationText(duration_cast<milliseconds>(*instance.expires - now))
                              : Text::tr("not known yet");
}

} // namespace

QList<Fact> instanceFacts(const Instance &instance, Instance::Clock::time_point now)
{
    QList<Fact> facts{
        {Text::tr("Key"), instance.key},
        {Text::tr("Expected key"), expectedKey(instance)},
        {Text::tr("Namespace"),
         instance.nameSpace.isEmpty() ? Text::tr("none") : instance.nameSpace},
        {Text::tr("Service"), instance.service},
        {Text::tr("Host"), instance.host},
        {Text::tr("Port"), instance.port},
        {Text::tr("URL"), instance.url},
        {Text::tr("Store"), instance.api == Api::V2 ? u"v2"_s : u"v3"_s},
        {Text::tr("Revision"),
         Text::tr("created %1, changed %2").arg(instance.createRevision).arg(instance.modRevision)},
        {Text::tr("Lease"), leaseText(instance)},
        {Text::tr("TTL"), ttlText(instance)},
        {Text::tr("Time left"), timeLeftText(instance, now)},
        {Text::tr("Listed"), Text::tr("%1 ago").arg(durationText(
                                 duration_cast<milliseconds>(now - instance.observed)))},
    };
    facts.removeIf([](const Fact &fact) { return fact.second.isEmpty(); });
    return facts;
}

} // namespace EtcdRegistry
