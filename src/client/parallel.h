// SPDX-License-Identifier: MIT
#pragma once

#include <QThread>

#include <algorithm>
#include <thread>
#include <vector>

namespace EtcdRegistry {

/// Calls work(i) for each i below count and blocks until all is done; large counts are shared out
/// among the processor's cores, in parts of neighbours.
template <typename Work>
void inParallel(qsizetype count, const Work &work)
{
    constexpr qsizetype worthAThread = 1000;
    const auto threads =
        std::clamp<qsizetype>(count / worthAThread, 1, QThread::idealThreadCount());
    const auto workPart = [&](qsizetype part) {
        const auto end = count * (part + 1) / threads;
        for (auto i = count * part / threads; i < end; ++i)
            work(i);
    };
    std::vector<std::jthread> others;
    for (qsizetype part = 1; part < threads; ++part)
        others.emplace_back(workPart, part);
    workPart(0);
}

} // namespace EtcdRegistry
