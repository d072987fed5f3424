// SPDX-License-Identifier: MIT
#include "registrationmodel.h"

#include "durationtext.h"
#include "json.h"
#include "plaintext.h"

namespace EtcdRegistry {

namespace {

QString urlOf(const Registration &registration)
{
    const auto fields = Json::fields(registration.document);
    if (!fields)
        return {};
    for (const Json::Field &field : *fields) {
        if (field.name == u"url")
            return Json::text(field.value);
    }
    return {};
}

int alignmentOf(int column)
{
    using Column = RegistrationModel::Column;
    const bool number = column >= Column::LastBeat && column <= Column::Ttl;
    return Qt::AlignVCenter | (number ? Qt::AlignRight : Qt::AlignLeft);
}

/// Numbers stay numbers.
QVariant shown(const QVariant &value)
{
    return value.typeId() == QMetaType::QString ? plainLine(value.toString()) : value;
}

QString sinceText(const QDateTime &time)
{
    return time.isValid() ? durationText(
               std::chrono::milliseconds(time.msecsTo(QDateTime::currentDateTimeUtc())))
                          : QStringLiteral("–");
}

/// One that we pause is there no longer than its TTL.
bool hasExpired(const Registration &registration)
{
    return registration.state == Registration::State::Paused && registration.lastBeat.isValid()
           && registration.lastBeat.msecsTo(QDateTime::currentDateTimeUtc())
                  > registration.service.ttl.count();
}

} // namespace

void RegistrationModel::setRegistrations(const QList<Registration> &registrations)
{
    const auto less = [](const Registration &a, const Registration &b) { return a.id < b.id; };
    const auto update = [this](int row, Registration with) {
        if (m_registrations[row] == with)
            return false;
        m_registrations[row] = std::move(with);
        return true;
    };
    mergeSorted(m_registrations, std::vector(registrations.begin(), registrations.end()), less,
                update, steps());
}

void RegistrationModel::tick()
{
    if (!m_registrations.empty())
        Q_EMIT dataChanged(index(0, State), index(rowCount() - 1, LastBeat));
}

int RegistrationModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_registrations.size());
}

int RegistrationModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant RegistrationModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Registration &registration = m_registrations[index.row()];
    switch (role) {
    case Qt::DisplayRole:
        return shown(text(registration, index.column()));
    case Qt::TextAlignmentRole:
        return alignmentOf(index.column());
    case Qt::ToolTipRole:
        return index.column() == State || index.column() == Cause
                   ? plainTip(text(registration, Cause).toString())
                   : QVariant();
    case StateRole:
        return int(registration.state);
    default:
        return {};
    }
}

QVariant RegistrationModel::text(const Registration &registration, int column) const
{
    switch (column) {
    case State:
        return hasExpired(registration) ? tr("%1, expired").arg(stateName(registration.state))
                                        : stateName(registration.state);
    case Service:
        return registration.service.name;
    case NameSpace:
        return registration.service.nameSpace;
    case Url:
        return urlOf(registration);
    case LastBeat:
        return sinceText(registration.lastBeat);
    case Sent:
        return registration.beatsSent;
    case Missed:
        return registration.beatsMissed;
    case Ttl:
        return durationText(registration.service.ttl);
    case Cause:
        return causeText(registration);
    default:
        return {};
    }
}

QVariant RegistrationModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return alignmentOf(section);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case State:
        return tr("State");
    case Service:
        return tr("Service");
    case NameSpace:
        return tr("Namespace");
    case Url:
        return tr("URL");
    case LastBeat:
        return tr("Last beat");
    case Sent:
        return tr("Beats sent");
    case Missed:
        return tr("Missed");
    case Ttl:
        return tr("TTL");
    case Cause:
        return tr("Why");
    default:
        return {};
    }
}

QString stateName(Registration::State state)
{
    switch (state) {
    case Registration::State::Joining:
        return RegistrationModel::tr("Joining");
    case Registration::State::Alive:
        return RegistrationModel::tr("Alive");
    case Registration::State::Late:
        return RegistrationModel::tr("Late");
    case Registration::State::Lost:
        return RegistrationModel::tr("Lost");
    case Registration::State::Rejoining:
        return RegistrationModel::tr("Rejoining");
    case Registration::State::Paused:
        return RegistrationModel::tr("Paused");
    case Registration::State::Leaving:
        return RegistrationModel::tr("Leaving");
    case Registration::State::Left:
        return RegistrationModel::tr("Left");
    case Registration::State::Failed:
        return RegistrationModel::tr("Failed");
    }
    Q_UNREACHABLE();
}

} // namespace EtcdRegistry
