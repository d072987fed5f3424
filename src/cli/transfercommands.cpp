// SPDX-License-Identifier: MIT
#include "transfercommands.h"

#include "copyas.h"
#include "output.h"
#include "plaintext.h"
#include "transfer.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {

static void tellWhatIsLeftOut(const QList<Instance> &instances)
{
    const auto broken =
        std::ranges::count(instances, Instance::Problem::NotAnObject, &Instance::problem);
    const auto all = instances.size() - std::ranges::count_if(instances, isWhole);
    if (broken > 0) {
        complain(
            ExportCommand::tr("%n value(s) that are no documents were left out.", {}, int(broken)));
    }
    if (all > broken) {
        complain(
            ExportCommand::tr("%n key(s) that are no UTF-8 were left out.", {}, int(all - broken)));
    }
}

void ExportCommand::start()
{
    m_registry.listWithTtls(m_options.name()).then(this, [this](const Result<Snapshot> &snapshot) {
        if (!snapshot)
            return fail(snapshot.error());
        tellWhatIsLeftOut(snapshot->instances);
        QList<Instance> instances = snapshot->instances;
        for (Instance &instance : instances) {
            if (instance.hasTtl)
                instance.ttl = ttlOf(instance, m_options.connection);
        }
        const QByteArray lines = toLines(instances);
        if (lines.isEmpty())
            return finishEmpty();
        finishWith(lines);
    });
}

void WriteCommand::start()
{
    for (qsizetype i = 0; i < std::min(writesAtOnce, m_options.services.size()); ++i)
        writeNext();
}

void WriteCommand::writeNext()
{
    m_registry.write(m_options.services[m_next++]).then(this, [this](const Result<QString> &key) {
        if (isFinished())
            return;
        if (!key) {
            complain(tr("%1 of %2 were written.").arg(m_written).arg(m_next));
            return fail(key.error());
        }
        if (!print(plainText(*key).toUtf8() + '\n'))
            return finish(Failed);
        const qsizetype all = m_options.services.size();
        tellProgress(++m_written, all);
        if (m_written == all)
            finish(Done);
        else if (m_next < all)
            writeNext();
    });
}

void CopyAsCommand::start()
{
    m_registry.listWithTtls(m_options.name()).then(this, [this](const Result<Snapshot> &snapshot) {
        if (!snapshot)
            return fail(snapshot.error());
        const auto format = std::ranges::find(copyFormats(), m_options.format, &CopyFormat::name);
        QByteArray text;
        int without = 0;
        for (const Instance &instance : snapshot->instances) {
            if (!m_options.url.isEmpty() && instance.url != m_options.url)
                continue;
            const QString command = format->text(instance, m_options.connection);
            text += command.toUtf8();
            without += command.isEmpty();
        }
        if (without > 0) {
            complain(tr("%n value(s) have no such command: they are no documents, or their keys or "
                        "names can be no argument.",
                        {}, without));
        }
        if (text.isEmpty())
            return finishEmpty();
        finishWith(text);
    });
}

} // namespace EtcdRegistry::Cli
