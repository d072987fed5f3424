// SPDX-License-Identifier: MIT
#include "instancestate.h"

#include "durationtext.h"

#include <QCoreApplication>

namespace EtcdRegistry {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::InstanceState)
};

QString problemSentence(Instance::Problem problem)
{
    switch (problem) {
    case Instance::Problem::None:
        break;
    case Instance::Problem::NotAnObject:
        return Text::tr("its value is not a JSON object, so clients skip it.");
    case Instance::Problem::KeyShape:
        return Text::tr("its key is not <namespace>/<service>/<sha1>.");
    case Instance::Problem::KeyMismatch:
        return Text::tr("its key is not the one that its name and URL give.");
    }
    return {};
}

} // namespace

InstanceState stateOf(const Instance &instance, Instance::Clock::time_point now, bool paused)
{
    if (instance.problem != Instance::Problem::None)
        return InstanceState::Broken;
    if (paused)
        return InstanceState::Paused;
    if (!instance.hasTtl)
        return InstanceState::NoTtl;
    if (!instance.expires || !instance.ttl)
        return InstanceState::Alive; // a v3 lease that was not asked for its time: nothing to hold
                                     // against it
    if ((*instance.expires - now) * 5 < *instance.ttl)
        return InstanceState::Expiring;
    if ((*instance.expires - instance.observed) * 5 < *instance.ttl * 2)
        return InstanceState::Late;
    return InstanceState::Alive;
}

QString stateName(InstanceState state)
{
    switch (state) {
    case InstanceState::Alive:
        return Text::tr("Alive");
    case InstanceState::Paused:
        return Text::tr("Paused");
    case InstanceState::NoTtl:
        return Text::tr("No TTL");
    case InstanceState::Late:
        return Text::tr("Late");
    case InstanceState::Expiring:
        return Text::tr("Expiring");
    case InstanceState::Broken:
        return Text::tr("Broken");
    }
    Q_UNREACHABLE();
}

QString stateSentence(const Instance &instance, Instance::Clock::time_point now, bool paused)
{
    const InstanceState state = stateOf(instance, now, paused);
    const auto sentence = [state](const QString &rest) {
        return Text::tr("%1: %2").arg(stateName(state), rest);
    };
    if (state == InstanceState::Broken)
        return sentence(problemSentence(instance.problem));
    if (state == InstanceState::NoTtl)
        return sentence(Text::tr("it never expires by itself; it stays until someone deletes it."));
    if (!instance.expires || !instance.ttl) {
        return state == InstanceState::Paused
                   ? sentence(Text::tr("we hold it and do not beat; it will expire."))
                   : sentence(Text::tr("it has a TTL; the time left is not known yet."));
    }

    const auto left = duration_cast<milliseconds>(*instance.expires - now);
    const auto ttl = *instance.ttl;
    const QString times =
        Text::tr("%1 of its %2 are left").arg(durationText(left), durationText(ttl));
    switch (state) {
    case InstanceState::Paused:
        return sentence(Text::tr("we hold it and do not beat; %1.").arg(times));
    case InstanceState::Late:
    case InstanceState::Expiring:
        return sentence(Text::tr("%1, no beat for %2.").arg(times, durationText(ttl - left)));
    default:
        return sentence(Text::tr("%1.").arg(times));
    }
}

} // namespace EtcdRegistry
