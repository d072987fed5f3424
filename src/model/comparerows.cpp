// SPDX-License-Identifier: MIT
#include "comparerows.h"

#include "instancefilter.h"
#include "instancemodel.h"

namespace EtcdRegistry {

namespace {

/// Numbers in it by their value, letters whatever their case: "10.0.0.9" before "10.0.0.10".
int compareNatural(QStringView a, QStringView b)
{
    const auto isDigit = [](QStringView text, qsizetype at) {
        return at < text.size() && text[at] >= u'0' && text[at] <= u'9';
    };
    const auto endOfNumber = [&](QStringView text, qsizetype &from) {
        while (from + 1 < text.size() && text[from] == u'0' && isDigit(text, from + 1))
            ++from; // leading zeros
        qsizetype end = from;
        while (isDigit(text, end))
            ++end;
        return end;
    };
    qsizetype i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        if (isDigit(a, i) && isDigit(b, j)) {
            const qsizetype endOfA = endOfNumber(a, i), endOfB = endOfNumber(b, j);
            if (endOfA - i != endOfB - j)
                return int((endOfA - i) - (endOfB - j));
            for (; i < endOfA; ++i, ++j) {
                if (a[i] != b[j])
                    return a[i].unicode() - b[j].unicode();
            }
        } else if (a[i] == b[j] || a[i].toCaseFolded() == b[j].toCaseFolded()) {
            ++i;
            ++j;
        } else {
            return a[i].toCaseFolded().unicode() - b[j].toCaseFolded().unicode();
        }
    }
    return int((a.size() - i) - (b.size() - j));
}

template <typename T>
int compareValues(const T &a, const T &b)
{
    return a < b ? -1 : b < a ? 1 : 0;
}

/// What is not known comes last.
template <typename T>
int compareValues(const std::optional<T> &a, const std::optional<T> &b)
{
    if (a && b)
        return compareValues(*a, *b);
    return a ? -1 : b ? 1 : 0;
}

} // namespace

int compareRows(const Row &a, const Row &b, int column, const QStringList &fields)
{
    const Instance &left = *a.instance, &right = *b.instance;
    switch (column) {
    case InstanceModel::State:
        return compareValues(a.state, b.state);
    case InstanceModel::Service:
        if (const int c = left.nameSpace.compare(right.nameSpace))
            return c;
        return left.service.compare(right.service);
    case InstanceModel::Host:
        return compareNatural(left.hostname, right.hostname);
    case InstanceModel::Port:
        return compareNatural(left.port, right.port);
    case InstanceModel::Url:
        return compareNatural(left.url, right.url);
    case InstanceModel::UpFor:
        return compareValues(b.firstSeen, a.firstSeen);
    case InstanceModel::LivesOn:
        return compareValues(left.expires, right.expires);
    case InstanceModel::LastBeat:
        return compareValues(lastBeat(right), lastBeat(left));
    case InstanceModel::Store:
        return compareValues(left.api, right.api);
    default: {
        const QString &field = fields[column - InstanceModel::FixedColumns];
        return compareNatural(fieldText(a, field), fieldText(b, field));
    }
    }
}

} // namespace EtcdRegistry
