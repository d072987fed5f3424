// SPDX-License-Identifier: MIT
#include "journalentry.h"

#include "durationtext.h"

#include <QCoreApplication>

namespace EtcdRegistry {

using Kind = JournalEntry::Kind;
using What = JournalEntry::What;

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::JournalEntry)
};

QString withReason(const QString &text, const std::optional<Error> &error)
{
    return error ? Text::tr("%1: %2").arg(text, error->message()) : text;
}

QString goneText(const JournalEntry &entry, const QString &plain, const QString &after)
{
    return entry.duration ? after.arg(entry.instance, durationText(*entry.duration))
                          : plain.arg(entry.instance);
}

QString oursText(const JournalEntry &entry)
{
    const QString who = entry.instance;
    switch (entry.what) {
    case What::NotJoined:
        return withReason(Text::tr("%1 could not be joined by this window").arg(who), entry.error);
    case What::BeatPaused:
        return Text::tr("the beat of %1 is paused by this window").arg(who);
    case What::BeatResumed:
        return Text::tr("the beat of %1 is resumed by this window").arg(who);
    case What::BeatFailed:
        return withReason(Text::tr("a beat of %1 by this window failed").arg(who), entry.error);
    case What::BeatsAgain:
        return Text::tr("the beats of %1 by this window come through again").arg(who);
    case What::Lost:
        return withReason(
            Text::tr("%1 has expired, as no beat of this window came through").arg(who),
            entry.error);
    case What::Rejoined:
        return Text::tr("%1 had gone, and was joined again by this window").arg(who);
    case What::BeatOverdue:
        return Text::tr("no beat of %1 was sent in time: this machine was asleep, or is too busy")
            .arg(who);
    case What::KeyTaken:
        return Text::tr("somebody else deleted or replaced the key of %1: this window joins it "
                        "again")
            .arg(who);
    case What::LeaseRevoked:
        return Text::tr("somebody else revoked the lease of %1: this window joins it again")
            .arg(who);
    case What::LetGo:
        return Text::tr("somebody else deleted or replaced the key of %1: this window lets it go")
            .arg(who);
    case What::NotLeft:
        return withReason(
            Text::tr("%1 could not be left by this window, and expires by itself").arg(who),
            entry.error);
    case What::LeftAgain:
        return Text::tr("a delayed write had brought %1 back: this window has left it again")
            .arg(who);
    case What::DirectoryGone:
        return Text::tr("the directory of %1 has expired, or was deleted: this window joins it "
                        "again")
            .arg(who);
    case What::TwoOwners:
        return Text::tr("two owners fight over the key of %1: this window, and another program "
                        "that writes another document there")
            .arg(who);
    default:
        return who;
    }
}

QString nodeText(const JournalEntry &entry)
{
    switch (entry.what) {
    case What::NoAnswer:
        return withReason(Text::tr("%1 does not answer").arg(entry.instance), entry.error);
    case What::Answers:
        return Text::tr("%1 answers again").arg(entry.instance);
    case What::Leads:
        return Text::tr("%1 leads the cluster now").arg(entry.instance);
    default:
        return entry.instance;
    }
}

QString watchText(const JournalEntry &entry)
{
    const auto by = [&entry](const QString &text) { return text.arg(entry.instance); };
    const QString count = QLocale().toString(entry.count);
    const QString changes =
        entry.count == 1 ? Text::tr("1 change") : Text::tr("%1 changes").arg(count);
    switch (entry.what) {
    case What::Connected:
        return entry.count == 1
                   ? Text::tr("connected; %1 has listed 1 instance").arg(entry.instance)
                   : Text::tr("connected; %1 has listed %2 instances").arg(entry.instance, count);
    case What::Moved:
        return withReason(by(Text::tr("moved to %1")), entry.error);
    case What::Resynchronised:
        return withReason(Text::tr("everything was listed again, by %1; it showed %2")
                              .arg(entry.instance, changes),
                          entry.error);
    case What::Repaired:
        return Text::tr("a listing by %1 showed %2 that no event had told")
            .arg(entry.instance, changes);
    case What::CutOff:
        return withReason(Text::tr("cut off"), entry.error);
    case What::Recovered:
        return Text::tr("connected again, by %1; meanwhile there were %2")
            .arg(entry.instance, changes);
    case What::Paced:
        return by(Text::tr("too many events for a stream; %1 is asked for listings from now on"));
    case What::Streaming:
        return by(Text::tr("back to a stream of events, from %1"));
    case What::HeldBack:
        return withReason(Text::tr("live by looking each 2 s: something between here and etcd "
                                   "holds back events (a proxy that buffers?)"),
                          entry.error);
    case What::NoLeader:
        return withReason(Text::tr("no leader: nothing expires, and nothing can be joined or left"),
                          entry.error);
    case What::Led:
        return Text::tr("the cluster has a leader again; meanwhile there were %1").arg(changes);
    case What::Replaced:
        return Text::tr("this is another cluster now, set up anew at the same addresses; all was "
                        "listed again by %1: %2 instances")
            .arg(entry.instance, count);
    case What::NotWritten:
        return Text::tr("the journal can't be written to disk: %1 It goes on in memory.")
            .arg(entry.error ? entry.error->detail : QString());
    default:
        return entry.instance;
    }
}

QString instanceText(const JournalEntry &entry)
{
    if (entry.what == What::PutBack && entry.duration) {
        return Text::tr("%1 is back: its owner put it back after %2")
            .arg(entry.instance, durationText(*entry.duration));
    }
    switch (entry.kind) {
    case Kind::Joined:
        return !entry.duration           ? Text::tr("%1 joined").arg(entry.instance)
               : entry.duration->count() ? Text::tr("%1 joined, TTL %2")
                                               .arg(entry.instance, durationText(*entry.duration))
                                         : Text::tr("%1 joined, without a TTL").arg(entry.instance);
    case Kind::Changed:
        return Text::tr("%1  %2").arg(entry.instance, differenceText(entry.difference));
    case Kind::Left:
        return goneText(entry, Text::tr("%1 left"), Text::tr("%1 left after %2"));
    case Kind::Expired:
        return goneText(entry, Text::tr("%1 expired"), Text::tr("%1 expired after %2"));
    case Kind::Gone:
        return goneText(entry, Text::tr("%1 left or expired"),
                        Text::tr("%1 left or expired after %2"));
    case Kind::Late:
        return entry.duration ? Text::tr("%1 missed its beat, which comes every %2")
                                    .arg(entry.instance, durationText(*entry.duration))
                              : Text::tr("%1 missed its beat").arg(entry.instance);
    case Kind::Flapping:
        return Text::tr("%1 joined again %2 times within 10 minutes")
            .arg(entry.instance)
            .arg(entry.count);
    default:
        return entry.instance;
    }
}

} // namespace

QString JournalEntry::text() const
{
    switch (kind) {
    case Kind::Ours:
        return oursText(*this);
    case Kind::Node:
        return nodeText(*this);
    case Kind::Watch:
        return watchText(*this);
    case Kind::Joined:
    case Kind::Left:
        if (what == What::LeftHere)
            return Text::tr("%1: this window left it for its owner").arg(instanceText(*this));
        return ours ? Text::tr("%1, by this window").arg(instanceText(*this)) : instanceText(*this);
    default:
        return instanceText(*this);
    }
}

bool JournalEntry::isTrouble() const
{
    switch (kind) {
    case Kind::Expired:
    case Kind::Late:
    case Kind::Flapping:
        return true;
    case Kind::Ours:
        return what != What::BeatPaused && what != What::BeatResumed && what != What::BeatsAgain
               && what != What::Rejoined;
    case Kind::Node:
        return what == What::NoAnswer;
    case Kind::Watch:
        return what == What::Moved || what == What::Repaired || what == What::CutOff
               || what == What::NotWritten || what == What::HeldBack || what == What::NoLeader
               || what == What::Replaced;
    default:
        return false;
    }
}

QString kindName(JournalEntry::Kind kind)
{
    switch (kind) {
    case Kind::Joined:
        return Text::tr("joined");
    case Kind::Changed:
        return Text::tr("changed");
    case Kind::Left:
        return Text::tr("left");
    case Kind::Expired:
        return Text::tr("expired");
    case Kind::Gone:
        return Text::tr("gone");
    case Kind::Late:
        return Text::tr("late");
    case Kind::Flapping:
        return Text::tr("flapping");
    case Kind::Ours:
        return Text::tr("ours");
    case Kind::Node:
        return Text::tr("node");
    case Kind::Watch:
        return Text::tr("watch");
    }
    Q_UNREACHABLE();
}

QString subjectText(const JournalEntry &entry)
{
    if (entry.key.isEmpty())
        return Text::tr("cluster");
    return entry.nameSpace.isEmpty() ? entry.service
                                     : Text::tr("%1/%2").arg(entry.nameSpace, entry.service);
}

} // namespace EtcdRegistry
