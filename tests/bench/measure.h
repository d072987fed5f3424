// SPDX-License-Identifier: MIT
#pragma once

#include <QBasicTimer>
#include <QObject>
#include <QString>
#include <QThread>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace EtcdRegistry {

double median(std::vector<double> values);
double quantile(std::vector<double> values, double q); ///< q = 0.99: one in a hundred is above it

/// The message on stderr; 1.
int fail(const QString &message);

/// One measurement as a JSON object on a line of its own, its fields in the order given.
class Line
{
public:
    explicit Line(const QString &bench) { add("bench", bench); }

    Line &add(const char *name, const QString &text);
    Line &add(const char *name, double value, int decimals = 1);
    /// Against what, and the ratio to it: a target or another's figure.
    Line &value(double value, const char *unit, const QString &against, double other);
    void print() const;

private:
    QByteArray m_fields;
};

/// The longest time between two turns of the event loop of the thread that starts it: a timer is
/// due every two milliseconds, and the longest gap between two of its ticks counts. Waiting for
/// events is no stall, handling them is, and so is not being given a processor; cpu() tells these
/// apart.
class StallMeter : public QObject
{
public:
    void start();
    void stop() { m_timer.stop(); }
    double longest() const { return m_longest; } ///< in ms
    double cpu() const { return m_cpu; } ///< ms: the most that the thread computed in one gap

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    QBasicTimer m_timer;
    std::chrono::nanoseconds m_last{};
    std::chrono::nanoseconds m_lastCpu{};
    double m_longest = 0;
    double m_cpu = 0;
};

/// What the machine does to a thread that has nothing else to do: the stalls of such a one.
class StallBaseline
{
public:
    StallBaseline();
    ~StallBaseline();
    double longest(); ///< in ms; ends it

private:
    QThread m_thread;
    StallMeter m_meter;
};

/// By all threads of this process, without its children.
std::chrono::nanoseconds cpuTime();
std::chrono::nanoseconds threadCpuTime(); ///< by the calling thread

/// Of this process.
struct Memory
{
    double now = 0; ///< in MiB
    double peak = 0;
};
Memory residentMemory();

/// Runs the event loop for so long.
void run(std::chrono::milliseconds time);
/// Runs the event loop until it is so, which is asked every 20 ms; false: it took too long.
bool runUntil(const std::function<bool()> &done, std::chrono::milliseconds timeout);

} // namespace EtcdRegistry
