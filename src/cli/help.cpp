// SPDX-License-Identifier: MIT
#include "help.h"

#include <QCoreApplication>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

struct Texts
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Help)
};

constexpr qsizetype width = 79;

/// The text broken into lines, each with this margin but the first, which goes on at `column`.
QString wrapped(const QString &text, qsizetype margin, qsizetype column)
{
    QString result;
    for (const QString &paragraph : text.split(u'\n')) {
        if (!result.isEmpty()) {
            result += u'\n' + QString(margin, u' ');
            column = margin;
        }
        for (const QString &word : paragraph.split(u' ')) {
            if (column > margin && column + 1 + word.size() > width) {
                result += u'\n' + QString(margin, u' ');
                column = margin;
            } else if (column > margin) {
                result += u' ';
                ++column;
            }
            result += word;
            column += word.size();
        }
    }
    return result;
}

/// A term and what it means, which begins below it where the term is too long.
QString line(const QString &term, const QString &meaning, qsizetype margin)
{
    const QString begin = u"  "_s + term;
    if (begin.size() + 2 > margin)
        return begin + u'\n' + QString(margin, u' ') + wrapped(meaning, margin, margin) + u'\n';
    return begin.leftJustified(margin) + wrapped(meaning, margin, margin) + u'\n';
}

QString term(const OptionInfo &option)
{
    const QString letter = option.letter.isEmpty() ? u"    "_s : u"-%1, "_s.arg(option.letter);
    return letter + u"--"_s + option.name
           + (option.value.isEmpty() ? QString() : u' ' + option.value);
}

QString optionLines(const QList<OptionInfo> &options)
{
    QString result;
    for (const OptionInfo &option : options)
        result += line(term(option), option.text, 27);
    return result;
}

} // namespace

QString helpText(const CommandInfo *command)
{
    if (command) {
        QString text = Texts::tr("Usage: %1").arg(u"etcd-registry [options] "_s + command->name)
                       + (command->arguments.isEmpty() ? QString() : u' ' + command->arguments)
                       + u"\n\n"_s + command->summary.at(0).toUpper() + command->summary.mid(1)
                       + u".\n"_s;
        if (!command->text.isEmpty())
            text += wrapped(command->text, 0, 0) + u'\n';
        return text + u'\n' + Texts::tr("Options:") + u'\n' + optionLines(optionsOf(command));
    }
    QString text = Texts::tr("Usage: etcd-registry [options] COMMAND ...") + u"\n\n"_s
                   + wrapped(Texts::tr("Registers services in etcd and finds them, like the npm "
                                       "package etcd-registry."),
                             0, 0)
                   + u"\n\n"_s + Texts::tr("Commands:") + u'\n';
    for (const CommandInfo &each : commandTable())
        text += line(each.name, each.summary, 14);
    text +=
        u'\n' + Texts::tr("Options of all of them (etcd-registry help COMMAND tells the others):")
        + u'\n' + optionLines(optionsOf(nullptr)) + u'\n'
        + wrapped(Texts::tr("Exit status: 0 done, 1 nothing found, 2 wrong usage, 3 the cluster "
                            "could not be reached or refused."),
                  0, 0)
        + u"\n\n"_s
        + wrapped(Texts::tr("CONNECTION is "
                            "[http[s]://][USER:PASSWORD@]HOST[:PORT][,...][/NAMESPACE]"
                            "[?OPTIONS], OPTIONS joined by &: refresh=true, api=auto|v2|v3, "
                            "ca=FILE, cert=FILE, key=FILE, timeout=MS, deadline=MS, "
                            "ttl=SECONDS, heartbeat=SECONDS."),
                  0, 0)
        + u'\n';
    return text;
}

} // namespace EtcdRegistry::Cli
