// SPDX-License-Identifier: MIT
#include "instancestate.h"

#include "durationtext.h"
#include "row.h"

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
        return Text::tr(
            "its value is not a JSON object, or is nested too deeply, so clients skip it.");
    case Instance::Problem::KeyShape:
        return Text::tr("its key is not <namespace>/<service>/<sha1>.");
    case Instance::Problem::KeyMismatch:
        return Text::tr("its key is not the one that its name and URL give.");
    }
    return {};
}

/// v2: soon, whatever its owner does.
bool endsWithItsDirectory(const Instance &instance, Instance::Clock::time_point now)
{
    return instance.cutShort.count() > 0 && now >= directoryEndsSoon(instance);
}

} // namespace

Instance::Clock::time_point directoryEndsSoon(const Instance &instance)
{
    constexpr std::chrono::seconds longest(10);
    const milliseconds fifth = instance.ttl.value_or(longest) / 5;
    return *instance.expires - std::min<milliseconds>(fifth, longest);
}

InstanceState stateOf(const LiveInstance &live, Instance::Clock::time_point now,
                      Instance::Clock::time_point looked, bool paused)
{
    const Instance &instance = *live.instance;
    if (instance.problem != Instance::Problem::None)
        return InstanceState::Broken;
    if (paused)
        return InstanceState::Paused;
    if (!instance.hasTtl)
        return InstanceState::NoTtl;
    if (endsWithItsDirectory(instance, now))
        return InstanceState::Expiring;
    const auto due = beatDue(live);
    if (!due || looked < *due)
        return InstanceState::Alive; // as far as anybody knows
    return (*instance.expires - now) * 5 < *instance.ttl ? InstanceState::Expiring
                                                         : InstanceState::Late;
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

QString stateSentence(const Row &row, Instance::Clock::time_point now)
{
    const Instance &instance = *row.instance;
    const auto sentence = [&row](const QString &rest) {
        return Text::tr("%1: %2").arg(stateName(row.state), rest);
    };
    if (row.state == InstanceState::Broken)
        return sentence(problemSentence(instance.problem));
    if (instance.cutShort.count() > 0) {
        const auto left = duration_cast<milliseconds>(*instance.expires - now);
        return sentence(Text::tr("a directory above it expires in %1, and takes it along whatever "
                                 "its owner does.")
                            .arg(durationText(left)));
    }
    if (row.state == InstanceState::NoTtl)
        return sentence(Text::tr("it never expires by itself; it stays until someone deletes it."));
    if (!instance.expires || !instance.ttl) {
        return row.state == InstanceState::Paused
                   ? sentence(Text::tr("we hold it and do not beat; it will expire."))
                   : sentence(Text::tr("it has a TTL; the time left is not known yet."));
    }

    const auto left = duration_cast<milliseconds>(*instance.expires - now);
    const QString leftText = durationText(left);
    const QString ttlText = durationText(*instance.ttl);
    switch (row.state) {
    case InstanceState::Paused:
        return sentence(
            Text::tr("we hold it and do not beat; %1 of its %2 are left.").arg(leftText, ttlText));
    case InstanceState::Late:
    case InstanceState::Expiring: {
        const auto overdue = *instance.ttl - left - beatInterval(row);
        return left.count() > 0 ? sentence(Text::tr("its beat is %1 overdue; it expires in %2.")
                                               .arg(durationText(overdue), leftText))
                                : sentence(Text::tr("its beat is %1 overdue, and its time is up.")
                                               .arg(durationText(overdue)));
    }
    default:
        return sentence(Text::tr("%1 of its %2 are left.").arg(leftText, ttlText));
    }
}

} // namespace EtcdRegistry
