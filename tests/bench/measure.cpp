// SPDX-License-Identifier: MIT
#include "measure.h"

#include <QEventLoop>
#include <QFile>
#include <QTimer>

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

constexpr int tick = 2;

std::chrono::nanoseconds clockTime(clockid_t clock)
{
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

double milliseconds(std::chrono::nanoseconds time)
{
    return std::chrono::duration<double, std::milli>(time).count();
}

} // namespace

double median(std::vector<double> values)
{
    return quantile(std::move(values), 0.5);
}

double quantile(std::vector<double> values, double q)
{
    std::ranges::sort(values);
    return values[std::min(values.size() - 1, size_t(q * double(values.size())))];
}

int fail(const QString &message)
{
    std::fprintf(stderr, "%s\n", qPrintable(message));
    return 1;
}

Line &Line::add(const char *name, const QString &text)
{
    m_fields +=
        (m_fields.isEmpty() ? "\"" : ",\"") + QByteArray(name) + "\":\"" + text.toUtf8() + '"';
    return *this;
}

Line &Line::add(const char *name, double value, int decimals)
{
    m_fields += ",\"" + QByteArray(name) + "\":" + QByteArray::number(value, 'f', decimals);
    return *this;
}

Line &Line::value(double value, const char *unit, const QString &against, double other)
{
    return add("value", value, 3)
        .add("unit", QString::fromLatin1(unit))
        .add("against", against)
        .add("ratio", value / other, 2);
}

void Line::print() const
{
    std::printf("{%s}\n", m_fields.constData());
    std::fflush(stdout);
}

void StallMeter::start()
{
    m_longest = m_cpu = 0;
    m_last = clockTime(CLOCK_MONOTONIC);
    m_lastCpu = threadCpuTime();
    m_timer.start(tick, Qt::PreciseTimer, this);
}

void StallMeter::timerEvent(QTimerEvent *)
{
    const auto now = clockTime(CLOCK_MONOTONIC);
    const auto cpu = threadCpuTime();
    m_longest = std::max(m_longest, milliseconds(now - m_last));
    m_cpu = std::max(m_cpu, milliseconds(cpu - m_lastCpu));
    m_last = now;
    m_lastCpu = cpu;
}

StallBaseline::StallBaseline()
{
    m_meter.moveToThread(&m_thread);
    QObject::connect(&m_thread, &QThread::started, &m_meter, [this] { m_meter.start(); });
    QObject::connect(&m_thread, &QThread::finished, &m_meter, [this] { m_meter.stop(); });
    m_thread.start();
}

StallBaseline::~StallBaseline()
{
    longest();
}

double StallBaseline::longest()
{
    m_thread.quit();
    m_thread.wait();
    return m_meter.longest();
}

std::chrono::nanoseconds cpuTime()
{
    return clockTime(CLOCK_PROCESS_CPUTIME_ID);
}

std::chrono::nanoseconds threadCpuTime()
{
    return clockTime(CLOCK_THREAD_CPUTIME_ID);
}

Memory residentMemory()
{
    QFile status(u"/proc/self/status"_s);
    Memory memory;
    if (!status.open(QIODevice::ReadOnly))
        return memory;
    const QList<QByteArray> lines = status.readAll().split('\n');
    for (const QByteArray &line : lines) {
        const double mib = line.simplified().split(' ').value(1).toDouble() / 1024;
        if (line.startsWith("VmRSS:"))
            memory.now = mib;
        else if (line.startsWith("VmHWM:"))
            memory.peak = mib;
    }
    return memory;
}

void run(std::chrono::milliseconds time)
{
    QEventLoop loop;
    QTimer::singleShot(time, Qt::PreciseTimer, &loop, &QEventLoop::quit);
    loop.exec();
}

bool runUntil(const std::function<bool()> &done, std::chrono::milliseconds timeout)
{
    const auto end = std::chrono::steady_clock::now() + timeout;
    bool is = done();
    QEventLoop loop;
    QTimer timer;
    QObject::connect(&timer, &QTimer::timeout, &loop, [&] {
        is = done();
        if (is || std::chrono::steady_clock::now() > end)
            loop.quit();
    });
    timer.start(20ms);
    if (!is)
        loop.exec();
    return is;
}

} // namespace EtcdRegistry
