// SPDX-License-Identifier: MIT
#include "output.h"

#include "json.h"

#include <QCoreApplication>

#include <algorithm>
#include <cerrno>
#include <cstdio>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

QString printable(const QString &text)
{
    QString result = text;
    for (auto &c : result) {
        if (c.category() == QChar::Other_Control)
            c = QChar::ReplacementCharacter;
    }
    return result;
}

} // namespace

QByteArray names(const QList<Instance> &instances)
{
    QByteArray result;
    for (const auto &instance : instances)
        result += printable(instance.service).toUtf8() + '\n';
    return result;
}

QByteArray urls(const QList<Instance> &instances)
{
    QByteArray result;
    for (const auto &instance : instances)
        result += printable(instance.service + u' ' + instance.url).toUtf8() + '\n';
    return result;
}

QByteArray trees(const QList<Instance> &instances)
{
    QString result;
    for (const auto &instance : instances) {
        const auto document = Json::fields(instance.document);
        auto fields = document ? *document : Json::Fields();
        fields.removeIf([](const Json::Field &field) { return field.name == "name"_L1; });
        qsizetype width = 0;
        for (const auto &field : fields)
            width = std::max(width, field.name.size());

        result += printable(instance.service) + u'\n';
        for (qsizetype i = 0; i < fields.size(); ++i) {
            const auto name = fields[i].name + u':';
            const auto line = name.leftJustified(width + 2) + Json::text(fields[i].value);
            result += (i + 1 < fields.size() ? u"├── "_s : u"└── "_s) + printable(line) + u'\n';
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
        result += instance.document;
    }
    return result += "]\n";
}

bool print(const QByteArray &text)
{
    std::fwrite(text.constData(), 1, size_t(text.size()), stdout);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)
        return true;
    if (errno == EPIPE)
        return true;
    complain(QCoreApplication::translate("EtcdRegistry::Command",
                                         "Can't write the output: %1. Is the disk full?")
                 .arg(qt_error_string(errno)));
    return false;
}

void complain(const QString &text)
{
    std::fprintf(stderr, "%s\n", printable(text).toUtf8().constData());
}

} // namespace EtcdRegistry::Cli
