// SPDX-License-Identifier: MIT
#include "output.h"

#include "json.h"
#include "plaintext.h"
#include "table.h"

#include <QCoreApplication>
#include <QElapsedTimer>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <unistd.h>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

struct Texts
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Command)
};

} // namespace

static QString colored(const QString &name, bool color)
{
    return color ? u"\u001b[33m"_s + plainText(name) + u"\u001b[39m"_s : plainText(name);
}

/// What a shell can give back as an argument, but for those of which nobody could see what they
/// are.
static QByteArray arguments(const QList<Instance> &instances)
{
    QByteArray result;
    for (const auto &instance : instances) {
        if (plainLines(instance.service, longestLine) == instance.service)
            result += instance.service.toUtf8() + '\0';
    }
    return result;
}

QByteArray names(const QList<Instance> &instances, bool color)
{
    QByteArray result;
    for (const auto &instance : instances)
        result += colored(instance.service, color).toUtf8() + '\n';
    return result;
}

static QByteArray urls(const QList<Instance> &instances, bool color)
{
    QByteArray result;
    for (const auto &instance : instances) {
        result +=
            (colored(instance.service, color) + u' ' + plainText(instance.url)).toUtf8() + '\n';
    }
    return result;
}

QByteArray trees(const QList<Instance> &instances, bool color)
{
    QString result;
    for (const auto &instance : instances) {
        const auto document = Json::fields(instance.document);
        auto fields = document ? *document : Json::Fields();
        fields.removeIf([](const Json::Field &field) { return field.name == "name"_L1; });
        constexpr qsizetype widest = 40;
        qsizetype width = 0;
        for (const auto &field : fields)
            width = std::min(std::max(width, field.name.size()), widest);

        result += colored(instance.service, color) + u'\n';
        for (qsizetype i = 0; i < fields.size(); ++i) {
            const auto name = fields[i].name + u':';
            const auto line = name.leftJustified(width + 2) + Json::text(fields[i].value);
            result += (i + 1 < fields.size() ? u"├── "_s : u"└── "_s) + plainText(line) + u'\n';
        }
    }
    return result.toUtf8();
}

QByteArray jsonArray(const QList<Instance> &instances)
{
    qsizetype size = 0;
    for (const auto &instance : instances)
        size += instance.document.size() + 2;
    QByteArray result;
    result.reserve(size + 3);
    result += '[';
    for (const auto &instance : instances) {
        if (instance.problem == Instance::Problem::NotAnObject)
            continue;
        if (result.size() > 1)
            result += ",\n";
        result += plainJson(instance.document);
    }
    return result += "]\n";
}

QByteArray jsonObjects(const QByteArrayList &objects, Options::Output output)
{
    if (output == Options::Output::Json)
        return plainJson('[' + objects.join(",\n") + "]\n");
    QByteArray result;
    for (const QByteArray &object : objects)
        result += plainJson(object) + '\n';
    return result;
}

static QByteArray jsonLines(const QList<Instance> &instances)
{
    QByteArrayList documents;
    for (const auto &instance : instances) {
        if (instance.problem != Instance::Problem::NotAnObject)
            documents += Json::compact(instance.document);
    }
    return jsonObjects(documents, Options::Output::JsonLines);
}

/// How long it lives unless it is renewed.
static QString timeLeft(const Instance &instance)
{
    if (!instance.hasTtl)
        return Texts::tr("never");
    if (!instance.expires) // v3 does not tell
        return u"-"_s;
    const auto left = std::max<Instance::Clock::duration>(
        *instance.expires - Instance::Clock::now(), Instance::Clock::duration::zero());
    return u"%1 s"_s.arg(std::chrono::round<std::chrono::seconds>(left).count());
}

static QByteArray table(const QList<Instance> &instances, bool color)
{
    Table table(
        {Texts::tr("NAMESPACE"), Texts::tr("NAME"), Texts::tr("URL"), Texts::tr("EXPIRES IN")});
    for (const Instance &instance : instances)
        table.add({instance.nameSpace, instance.service, instance.url, timeLeft(instance)});
    return table.text(color);
}

QByteArray text(const QList<Instance> &instances, const Options &options, Options::Output preset)
{
    using Output = Options::Output;
    const bool isSet = options.output != Output::Default;
    if (options.verbose && !isSet)
        return trees(instances, options.color);
    switch (isSet ? options.output : preset) {
    case Output::Names:
        return options.forShells ? arguments(instances) : names(instances, options.color);
    case Output::Table:
        return table(instances, options.color);
    case Output::Json:
        return jsonArray(instances);
    case Output::JsonLines:
        return jsonLines(instances);
    case Output::Default:
        break;
    }
    return urls(instances, options.color);
}

QByteArray lookups(const QList<Instance> &instances, const QHash<QString, int> &times,
                   const Options &options)
{
    using Output = Options::Output;
    if (options.output == Output::Names)
        return text(instances, options, Output::Names);
    Table table({Texts::tr("TIMES"), Texts::tr("SHARE"), Texts::tr("NAME"), Texts::tr("URL")});
    QByteArrayList objects;
    for (const Instance &instance : instances) {
        const int count = times[instance.key];
        table.add({QString::number(count),
                   QString::number(100.0 * count / options.count, 'f', 1) + u" %"_s,
                   instance.service, instance.url});
        objects += Json::object({{u"times"_s, QByteArray::number(count)},
                                 {u"document"_s, Json::compact(instance.document)}});
    }
    const bool isJson = options.output == Output::Json || options.output == Output::JsonLines;
    return isJson ? jsonObjects(objects, options.output) : table.text(options.color);
}

bool print(const QByteArray &text)
{
    std::fwrite(text.constData(), 1, size_t(text.size()), stdout);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)
        return true;
    if (errno == EPIPE)
        return true;
    complain(
        Texts::tr("Can't write the output: %1. Is the disk full?").arg(qt_error_string(errno)));
    return false;
}

bool hasReader()
{
    return std::ferror(stdout) == 0;
}

/// At once: fprintf() writes to stderr in pieces of 128 bytes from glibc 2.37 on.
static void writeError(const QByteArray &text)
{
    std::fwrite(text.constData(), 1, size_t(text.size()), stderr);
}

void tellProgress(qsizetype done, qsizetype all)
{
    static const bool isTerminal = isatty(STDERR_FILENO);
    static QElapsedTimer sinceLast;
    constexpr int often = 100; // ms
    if (!isTerminal || (done < all && sinceLast.isValid() && sinceLast.elapsed() < often))
        return;
    sinceLast.start();
    const QString text = Texts::tr("%1 of %2").arg(done).arg(all);
    writeError('\r' + text.toUtf8() + (done < all ? "" : "\r\x1b[K"));
}

void complain(const QString &text)
{
    writeError(plainText(text).toUtf8() + '\n');
}

} // namespace EtcdRegistry::Cli
