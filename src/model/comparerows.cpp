// SPDX-License-Identifier: MIT
#include "comparerows.h"

#include "instancefilter.h"
#include "instancemodel.h"
#include "parallel.h"

#include <algorithm>

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

int compareRows(const Row &a, const Row &b, int column, const QString &field)
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
    default:
        return compareNatural(fieldText(a, field), fieldText(b, field));
    }
}

/// `c`: how they compare by the column.
bool lessBy(int c, const RowOrder &order, const Rows &rows, int a, int b)
{
    if (c)
        return order.order == Qt::AscendingOrder ? c < 0 : c > 0;
    for (int column : {InstanceModel::Service, InstanceModel::Host, InstanceModel::Port}) {
        if ((c = compareRows(rows[a], rows[b], column, {})))
            return c < 0;
    }
    return a < b;
}

/// Each core sorts a part, then neighbours are merged.
template <typename Less>
void sortInParallel(std::vector<int> &indexes, const Less &less, const std::stop_token &stop)
{
    constexpr size_t worthAThread = 10000;
    if (std::is_sorted(indexes.begin(), indexes.end(), less))
        return;
    const auto parts =
        std::clamp<size_t>(indexes.size() / worthAThread, 1, size_t(QThread::idealThreadCount()));
    const auto at = [&](size_t part) {
        return indexes.begin() + qptrdiff(indexes.size() * std::min(part, parts) / parts);
    };
    {
        std::vector<std::jthread> others;
        for (size_t part = 1; part < parts; ++part)
            others.emplace_back([&, part] { std::sort(at(part), at(part + 1), less); });
        std::sort(at(0), at(1), less);
    }
    for (size_t step = 1; step < parts && !stop.stop_requested(); step *= 2) {
        for (size_t part = 0; part + step < parts; part += 2 * step)
            std::inplace_merge(at(part), at(part + step), at(part + 2 * step), less);
    }
}

} // namespace

bool RowOrder::less(const Rows &rows, int a, int b) const
{
    return lessBy(compareRows(rows[a], rows[b], column, field), *this, rows, a, b);
}

std::vector<int> RowOrder::sorted(const Rows &rows, std::vector<int> indexes,
                                  const std::stop_token &stop) const
{
    if (column < InstanceModel::FixedColumns) {
        sortInParallel(
            indexes, [&](int a, int b) { return less(rows, a, b); }, stop);
        return indexes;
    }
    // Reading a field means parsing a document: once for each row, not for each comparison.
    std::vector<QString> texts(rows.size());
    inParallel(rows.size(), [&](qsizetype i) {
        if (!stop.stop_requested())
            texts[i] = fieldText(rows[i], field);
    });
    const auto byText = [&](int a, int b) {
        return lessBy(compareNatural(texts[a], texts[b]), *this, rows, a, b);
    };
    sortInParallel(indexes, byText, stop);
    return indexes;
}

} // namespace EtcdRegistry
