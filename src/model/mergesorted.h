// SPDX-License-Identifier: MIT
#pragma once

#include <QModelIndex>

#include <functional>
#include <iterator>
#include <vector>

namespace EtcdRegistry {

/// What a model announces while its rows are merged; row numbers are inclusive.
struct MergeSteps
{
    std::function<void(int first, int last)> beginInsert;
    std::function<void()> endInsert;
    std::function<void(int first, int last)> beginRemove;
    std::function<void()> endRemove;
    std::function<void(int first, int last)> changed;
};

/// Turns the sorted `items` into the sorted `wanted` by one walk over both, so that views keep what
/// hangs on the items that stay. `update(row, wanted)` takes over the value of an item that stays
/// and says whether anything changed.
template <typename T, typename Less, typename Update>
void mergeSorted(std::vector<T> &items, std::vector<T> wanted, Less less, Update update,
                 const MergeSteps &steps)
{
    auto next = wanted.begin();
    int row = 0;
    int firstChanged = -1;
    const auto size = [&] { return int(items.size()); };
    const auto flush = [&] {
        if (firstChanged >= 0)
            steps.changed(firstChanged, row - 1);
        firstChanged = -1;
    };
    while (row < size() || next != wanted.end()) {
        if (next == wanted.end() || (row < size() && less(items[row], *next))) {
            flush();
            int end = row + 1;
            while (end < size() && (next == wanted.end() || less(items[end], *next)))
                ++end;
            steps.beginRemove(row, end - 1);
            items.erase(items.begin() + row, items.begin() + end);
            steps.endRemove();
        } else if (row == size() || less(*next, items[row])) {
            flush();
            const auto first = next;
            while (next != wanted.end() && (row == size() || less(*next, items[row])))
                ++next;
            const int count = int(next - first);
            steps.beginInsert(row, row + count - 1);
            items.insert(items.begin() + row, std::make_move_iterator(first),
                         std::make_move_iterator(next));
            steps.endInsert();
            row += count;
        } else {
            if (!update(row, std::move(*next)))
                flush();
            else if (firstChanged < 0)
                firstChanged = row;
            ++row;
            ++next;
        }
    }
    flush();
}

/// A model whose rows come as whole sorted lists.
template <typename Model>
class MergingModel : public Model
{
protected:
    using Model::Model;

    MergeSteps steps(const QModelIndex &parent = {})
    {
        return {
            [this, parent](int first, int last) { this->beginInsertRows(parent, first, last); },
            [this] { this->endInsertRows(); },
            [this, parent](int first, int last) { this->beginRemoveRows(parent, first, last); },
            [this] { this->endRemoveRows(); },
            [this, parent](int first, int last) {
                Q_EMIT this->dataChanged(this->index(first, 0, parent),
                                         this->index(last, this->columnCount(parent) - 1, parent));
            },
        };
    }
};

} // namespace EtcdRegistry
