// SPDX-License-Identifier: MIT
#include "browser.h"
#include "filterfield.h"
#include "instancepanel.h"
#include "layout.h"
#include "measure.h"
#include "servicetree.h"
#include "session.h"
#include "tableview.h"
#include "theme.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QKeyEvent>
#include <QSettings>
#include <QTemporaryDir>
#include <QThread>
#include <QVBoxLayout>

#include <algorithm>
#include <cstdio>

using namespace EtcdRegistry;
using namespace Qt::StringLiterals;

namespace {

constexpr int instances = 100000;
constexpr int runs = 7;
constexpr qint64 patience = 20000; // ms

/// As many services in as many namespaces, about 150 bytes of document each.
Rows makeRows(int nameSpaces, int services)
{
    const auto now = Instance::Clock::now();
    QList<Entry> entries;
    for (int i = 0; i < instances; ++i) {
        Service service;
        service.nameSpace = u"region-%1/shop"_s.arg(i % nameSpaces, 2, 10, '0'_L1);
        service.name = u"service-%1"_s.arg(i / nameSpaces % services, 6, 10, '0'_L1);
        service.hostname = u"10.%1.%2.%3"_s.arg(i >> 16).arg(i >> 8 & 255).arg(i & 255);
        service.port = 8080;
        service.document =
            R"({"version":"2.4.1","zone":"eu-)" + QByteArray::number(i % 16) + R"("})";
        const Layout::Record record = Layout::encode(service).value();
        entries.append({.key = record.key, .value = record.value, .hasTtl = true});
    }
    Rows rows;
    for (const Instance &instance : Layout::decodeAll(entries, Api::V3, now)) {
        rows.append(Row{continued({}, instance, now, true)});
        rows.last().state = rows.size() % 100 ? InstanceState::Alive : InstanceState::Late;
    }
    return rows;
}

/// The browser of a session that never starts: its rows come from here.
class Window : public QWidget
{
public:
    Window()
        : m_settings(m_folder.filePath(u"settings"_s), QSettings::IniFormat)
        , m_session(ConnectionString::parse(u"http://127.0.0.1:1"_s).value())
        , m_filter(new FilterField)
        , m_browser(new Browser(m_session, m_settings))
    {
        auto *layout = new QVBoxLayout(this);
        layout->addWidget(m_filter);
        layout->addWidget(m_browser);
        connect(m_filter, &FilterField::filterChanged, m_browser, &Browser::setFilter);
        qApp->installEventFilter(this);
        resize(1280, 800);
        show();
    }
    ~Window() override { delete m_browser; } // before what it shows

    FilterField *filter() const { return m_filter; }
    ServiceTree *tree() const { return m_browser->findChild<ServiceTree *>(); }
    TableView *table() const { return m_browser->instances()->table(); }
    const InstanceModel &model() const
    {
        return static_cast<const InstanceModel &>(*table()->model());
    }

    void show(const Rows &rows)
    {
        QWidget::show();
        Q_EMIT m_session.updated(
            std::make_shared<const RowsUpdate>(updateOf(std::exchange(m_rows, rows), rows)));
    }
    using QWidget::show;

    /// From the action, which is an event like any other, until the views have painted what makes
    /// `done` true.
    template <typename Action, typename Done>
    double measure(Action action, Done done)
    {
        m_painted = false;
        m_done = done;
        QElapsedTimer timer;
        timer.start();
        QMetaObject::invokeMethod(this, action, Qt::QueuedConnection);
        while (!m_painted && timer.elapsed() < patience)
            turn();
        m_done = [] { return false; };
        if (!m_painted)
            qFatal("it has not shown");
        return double(timer.nsecsElapsed()) / 1e6;
    }

    /// What is under way ends, and garbage is thrown away.
    void settle(int ms = 50)
    {
        QElapsedTimer timer;
        timer.start();
        while (timer.elapsed() < ms || model().isWorking())
            turn();
    }

    struct Stall
    {
        double longest = 0; ///< turn of the event loop, in ms
        double cpu = 0;     ///< the most that was computed in one
    };
    Stall stall() { return std::exchange(m_stall, {}); } ///< since it was asked

protected:
    bool eventFilter(QObject *object, QEvent *event) override
    {
        // It is seen as soon as this turn has ended. The heading is painted with the views.
        if (event->type() == QEvent::Paint && object != m_filter && m_done())
            m_painted = true;
        return false;
    }

private:
    void turn()
    {
        using Ms = std::chrono::duration<double, std::milli>;
        QElapsedTimer timer;
        timer.start();
        const auto before = threadCpuTime();
        QCoreApplication::processEvents();
        m_stall.longest = std::max(m_stall.longest, double(timer.nsecsElapsed()) / 1e6);
        m_stall.cpu = std::max(m_stall.cpu, Ms(threadCpuTime() - before).count());
        QThread::usleep(100);
    }

    QTemporaryDir m_folder;
    QSettings m_settings;
    Session m_session;
    Rows m_rows;
    FilterField *m_filter;
    Browser *m_browser;
    std::function<bool()> m_done = [] { return false; };
    bool m_painted = false;
    Stall m_stall;
};

/// One thing that a user does, in the ways that it can be done: the slowest way counts.
class Bench
{
public:
    Bench(const char *name, double target)
        : m_name(name)
        , m_target(target)
    {}
    ~Bench()
    {
        Line(QString::fromLatin1(m_name))
            .value(m_value, "ms", u"target"_s, m_target)
            .add("stall_ms", m_stall.longest)
            .add("stall_cpu_ms", m_stall.cpu)
            .add("stall_baseline_ms", m_baseline.longest())
            .print();
    }

    template <typename Run>
    void way(Window &window, const QString &name, Run run)
    {
        std::vector<double> values;
        window.stall();
        for (int i = 0; i < runs; ++i)
            values.push_back(run());
        const double value = median(values);
        const Window::Stall stall = window.stall();
        std::fprintf(stderr, "%s, %s: %.1f ms, longest turn %.1f ms, of that computing %.1f ms\n",
                     m_name, qPrintable(name), value, stall.longest, stall.cpu);
        m_value = std::max(m_value, value);
        m_stall.longest = std::max(m_stall.longest, stall.longest);
        m_stall.cpu = std::max(m_stall.cpu, stall.cpu);
    }

private:
    const char *m_name;
    double m_target;
    double m_value = 0;
    Window::Stall m_stall;
    StallBaseline m_baseline;
};

void type(QObject *to, const QString &text)
{
    for (const QChar c : text)
        QCoreApplication::postEvent(
            to, new QKeyEvent(QEvent::KeyPress, c == u'\b' ? Qt::Key_Backspace : 0, {}, c));
}

/// From the last key on; those before it come 30 ms apart.
void filter(Window &window, const Rows &rows)
{
    Bench bench("filter-100k", 150);
    for (const QString &text : {u"10.1.134.159"_s, u"zone:eu-7"_s, u"!eu-7"_s, u"region-05 eu-1"_s,
                                u"nothing like this"_s, u"/^10\\.0\\..*80$/"_s, u"größe"_s}) {
        const auto matching = [&rows](const QString &text) {
            const InstanceFilter parsed = InstanceFilter::parse(text).value();
            return std::ranges::count_if(rows, [&](const Row &row) { return parsed.matches(row); });
        };
        const auto shown = matching(text);
        // What is shown already would not be painted: then it is pasted as a whole.
        const qsizetype last = matching(text.chopped(1)) == shown ? text.size() : 1;
        bench.way(window, text, [&] {
            for (const QChar c : QStringView(text).chopped(last)) {
                type(window.filter(), c);
                window.settle(30);
            }
            const double value = window.measure([&] { type(window.filter(), text.last(last)); },
                                                [&] { return window.model().rowCount() == shown; });
            window.settle();
            window.filter()->clear();
            window.settle();
            return value;
        });
        if (shown == instances)
            continue;
        bench.way(window, u"and all again"_s, [&] {
            window.filter()->setText(text);
            window.settle();
            const double value =
                window.measure([&] { window.filter()->clear(); },
                               [&] { return window.model().rowCount() == instances; });
            window.settle();
            return value;
        });
    }
}

void select(Window &window)
{
    Bench bench("select-100k", 50);
    const QString region = u"region-03/shop"_s;
    const std::initializer_list<std::tuple<QString, Scope, Scope>> ways{
        {u"a service, from all"_s, {}, {region, u"service-000007"_s}},
        {u"all, from a service"_s, {region, u"service-000007"_s}, {}},
        {u"a namespace, from all"_s, {}, {region, {}}},
        {u"all, from a namespace"_s, {region, {}}, {}},
        {u"a service, from another"_s,
         {region, u"service-000007"_s},
         {region, u"service-000009"_s}},
    };
    const auto choose = [&](Qt::SortOrder order, int column, const QString &sorted) {
        window.table()->sortByColumn(column, order);
        window.settle(200);
        for (const auto &[name, from, to] : ways) {
            bench.way(window, name + sorted, [&] {
                window.tree()->setScope(from);
                window.settle();
                return window.measure([&] { window.tree()->setScope(to); },
                                      [&] { return window.model().scope() == to; });
            });
        }
    };
    choose(Qt::AscendingOrder, InstanceModel::Service, {});
    choose(Qt::DescendingOrder, InstanceModel::Host, u", sorted by host"_s);
}

void expand(Window &window, const QString &name, Bench &bench)
{
    ServiceTree *tree = window.tree();
    const QModelIndex first = tree->model()->index(0, 0);
    bench.way(window, name, [&] {
        tree->collapseAll();
        window.settle();
        return window.measure([&] { tree->expandAll(); }, [&] { return tree->isExpanded(first); });
    });
}

} // namespace

/// bench_views [filter-100k|select-100k|expand-100k]: from what the user does to the painted
/// result, in a window with 100,000 instances.
int main(int argc, char *argv[])
{
    qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    Theme::apply(application, Theme::Scheme::Light);
    const auto wanted = [&](const QString &bench) {
        return argc < 2 || bench == QString::fromLocal8Bit(argv[1]);
    };
    const Rows rows = makeRows(10, 1000);
    Window window;
    window.settle();
    window.stall();
    window.measure([&] { window.show(rows); },
                   [&] { return window.model().rowCount() == instances; });
    window.settle(500);
    const Window::Stall stall = window.stall();
    std::fprintf(stderr, "first fill: longest turn %.1f ms, of that computing %.1f ms\n",
                 stall.longest, stall.cpu);
    if (wanted(u"filter-100k"_s))
        filter(window, rows);
    if (wanted(u"select-100k"_s))
        select(window);
    if (wanted(u"expand-100k"_s)) {
        Bench bench("expand-100k", 100);
        expand(window, u"10 namespaces of 1,000 services"_s, bench);
        window.show(makeRows(1, instances));
        window.settle();
        expand(window, u"a namespace of 100,000 services"_s, bench);
    }
    return 0;
}
