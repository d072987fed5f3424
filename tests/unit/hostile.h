// SPDX-License-Identifier: MIT
#pragma once

#include "livefixture.h"
#include "registry.h"

#include <QTest>

#include <map>

namespace EtcdRegistry {

/// What came of an operation: an error, or in words the value.
struct Outcome
{
    QString value;
    std::optional<Error> error;
};

/// A node that answers as it should, but for one kind of request.
struct Scene
{
    explicit Scene(Api api)
        : node(api)
        , version(api == Api::V2 ? u"v2"_s : u"v3"_s)
    {}

    void connectTo(const QString &hosts, const QString &moreOptions = {})
    {
        registry = std::make_unique<Registry>(
            *ConnectionString::parse(hosts + "/?api="_L1 + version + options + moreOptions));
    }
    void connect() { connectTo(node.url().authority()); }

    /// Unlike QTest::qWaitFor() it does not sleep, which would slow down the node, too.
    bool waitFor(const std::function<bool()> &done) const
    {
        QEventLoop loop;
        QTimer look;
        QObject::connect(&look, &QTimer::timeout, &loop, [&] {
            if (done())
                loop.quit();
        });
        look.start(2ms);
        QTimer::singleShot(within, &loop, &QEventLoop::quit);
        loop.exec();
        return done();
    }

    template <typename T, typename Text>
    Outcome outcomeOf(const QFuture<Result<T>> &future, const Text &text)
    {
        if (!waitFor([&] { return future.isFinished(); }))
            return {u"HANGS"_s, {}};
        const Result<T> result = future.result();
        return result ? Outcome{text(result), {}} : Outcome{{}, result.error()};
    }

    FakeEtcd node;
    QString version;
    QString options;
    std::chrono::milliseconds within{10000};
    QByteArray hostilePath; ///< see Operation
    bool fails = false;     ///< it has to, in the end
    std::unique_ptr<Registry> registry;
};

/// Something that is asked of a node.
struct Operation
{
    Api api;
    QByteArray path; ///< of what is answered as it should not be
    Outcome (*run)(Scene &scene);
    bool second = false; ///< only from the second request on
};

/// By name: "v2 join".
const std::map<QByteArray, Operation> &operations();

/// What all of them are answered as they should be.
void answerSoundly(FakeEtcd &node, Api api);

/// An answer to one of them that is broken or means harm.
struct HostileAnswer
{
    QByteArray operation;
    QByteArray tag;
    FakeServer::Answer answer;
    /// The name of an error's code, or "=" and the value, which may go on after a "*" at its end;
    /// or one of several, between "|".
    QString expected;
    int mostMiB = 64; ///< that the memory grows
};

QList<HostileAnswer> hostileAnswers();

} // namespace EtcdRegistry
