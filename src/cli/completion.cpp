// SPDX-License-Identifier: MIT
#include "help.h"

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

QStringList wordsOf(const OptionInfo &option)
{
    QStringList words{u"--"_s + option.name};
    if (!option.letter.isEmpty())
        words.prepend(u'-' + option.letter);
    return words;
}

QStringList optionWords(const CommandInfo *command)
{
    QStringList words;
    for (const OptionInfo &option : optionsOf(command))
        words += wordsOf(option);
    return words;
}

QStringList commandNames()
{
    QStringList names;
    for (const CommandInfo &command : commandTable())
        names += command.name;
    return names;
}

/// In single quotes, for any of the shells.
QString quoted(const QString &text)
{
    return u'\'' + QString(text).replace(u'\'', u"'\\''"_s) + u'\'';
}

/// Names of services, which the cluster tells: the connection of the line itself counts.
constexpr char16_t namesOfServices[] = u"etcd-registry $connection list --output names";

QString bash()
{
    QString values, commands;
    QStringList withValue;
    for (const OptionInfo &option : optionTable()) {
        if (option.value.isEmpty())
            continue;
        withValue += wordsOf(option);
        const QString reply = option.file ? u"COMPREPLY=($(compgen -f -- \"$word\"))"_s
                                          : u"COMPREPLY=($(compgen -W %1 -- \"$word\"))"_s.arg(
                                              quoted(option.choices.join(u' ')));
        values += u"    %1) %2; return ;;\n"_s.arg(wordsOf(option).join(u'|'), reply);
    }
    for (const CommandInfo &command : commandTable()) {
        QString arguments;
        if (command.file)
            arguments = u" COMPREPLY=($(compgen -f -- \"$word\"));"_s;
        else if (command.name == "help"_L1)
            arguments = u" choices=%1;"_s.arg(quoted(commandNames().join(u' ')));
        else if (!command.choices.isEmpty())
            arguments = u" choices=%1;"_s.arg(quoted(command.choices.join(u' ')));
        else if (command.arguments.contains("NAME"_L1))
            arguments = u" choices=$(%1 2>/dev/null);"_s.arg(QString::fromUtf16(namesOfServices));
        commands += u"    %1)%2 options=%3 ;;\n"_s.arg(command.name, arguments,
                                                       quoted(optionWords(&command).join(u' ')));
    }
    // Not COMP_WORDS, which breaks connection strings at their colons.
    return u"# etcd-registry completion bash\n"
           "_etcd_registry() {\n"
           "    local line=${COMP_LINE:0:COMP_POINT} words\n"
           "    read -ra words <<< \"$line\"\n"
           "    [[ $line != *' ' ]] || words+=('')\n"
           "    local last=$((${#words[@]} - 1)) command= connection= choices= options=%1 i\n"
           "    local word=${words[last]}\n"
           "    COMPREPLY=()\n"
           "    case ${words[last-1]} in\n%2    esac\n"
           "    for ((i = 1; i < last; ++i)); do\n"
           "        case ${words[i]} in\n"
           "        -e|--etcd) connection=\"-e ${words[++i]//[\\\"\\']/}\" ;;\n"
           "        %3) ((++i)) ;;\n"
           "        -*) ;;\n"
           "        *) command=${words[i]}; break ;;\n"
           "        esac\n"
           "    done\n"
           "    case $command in\n"
           "    '') choices=%4 ;;\n%5    esac\n"
           "    if [[ $word == -* ]]; then\n"
           "        choices=$options\n"
           "    fi\n"
           "    [[ -z $choices ]] || COMPREPLY=($(compgen -W \"$choices\" -- \"$word\"))\n"
           "}\n"
           "complete -F _etcd_registry etcd-registry\n"_s.arg(
               quoted(optionWords(nullptr).join(u' ')), values, withValue.join(u'|'),
               quoted(commandNames().join(u' ')), commands);
}

/// With brackets and colons escaped, which separate the parts of zsh's specifications.
QString zshText(const QString &text)
{
    QString result = text;
    return result.replace(u'[', u"\\["_s).replace(u']', u"\\]"_s).replace(u':', u"\\:"_s);
}

QString zsh()
{
    QString commands, cases;
    for (const CommandInfo &command : commandTable())
        commands += u"        "_s + quoted(command.name + u':' + zshText(command.summary)) + u'\n';
    const auto specifications = [](const CommandInfo *command) {
        QString result;
        for (const OptionInfo &option : optionsOf(command)) {
            QString rest = u'[' + zshText(option.text) + u']';
            if (!option.value.isEmpty()) {
                rest += u':' + option.value + u':'
                        + (option.file                ? u"_files"_s
                           : option.choices.isEmpty() ? QString()
                                                      : u'(' + option.choices.join(u' ') + u')');
            }
            for (const QString &word : wordsOf(option))
                result += u" \\\n            "_s + quoted(word + rest);
        }
        return result;
    };
    for (const CommandInfo &command : commandTable()) {
        const QString argument =
            command.file                 ? u"1:file:_files"_s
            : command.name == "help"_L1  ? u"1:command:("_s + commandNames().join(u' ') + u')'
            : !command.choices.isEmpty() ? u"1:format:("_s + command.choices.join(u' ') + u')'
            : command.arguments.contains("NAME"_L1) ? u"1:name:_etcd_registry_names"_s
                                                    : QString();
        cases += u"    %1)\n        _arguments%2%3 ;;\n"_s.arg(
            command.name, specifications(&command),
            argument.isEmpty() ? QString() : u" \\\n            "_s + quoted(argument));
    }
    return u"#compdef etcd-registry\n"
           "_etcd_registry_names() {\n"
           "    compadd -- ${(f)\"$(etcd-registry $connection list --output names 2>/dev/null)\"}\n"
           "}\n"
           "_etcd_registry() {\n"
           "    local context state line curcontext=$curcontext\n"
           "    local -a commands=(\n%1    )\n"
           "    typeset -A opt_args\n"
           "    _arguments -C%2 \\\n            '1: :->command' '*:: :->arguments'\n"
           "    case $state in\n"
           "    command) _describe command commands; return ;;\n"
           "    esac\n"
           "    local given=${opt_args[-e]:-${opt_args[--etcd]}}\n"
           "    local -a connection=(${given:+-e ${(Q)given//\\\\:/:}})\n"
           "    case $line[1] in\n%3    esac\n"
           "}\n"
           "_etcd_registry \"$@\"\n"_s.arg(commands, specifications(nullptr), cases);
}

QString fish()
{
    // Inside single quotes fish knows \' and \\ only
    const auto quoted = [](const QString &text) {
        return u'\'' + QString(text).replace(u'\\', u"\\\\"_s).replace(u'\'', u"\\'"_s) + u'\'';
    };
    QStringList withValue;
    for (const OptionInfo &option : optionsOf(nullptr)) {
        if (!option.value.isEmpty())
            withValue += wordsOf(option);
    }
    QString result = u"# etcd-registry completion fish\n"
                     "function __etcd_registry_command\n"
                     "    set -l words (commandline -opc)[2..]\n"
                     "    while set -q words[1]\n"
                     "        switch $words[1]\n"
                     "            case %1\n"
                     "                set -e words[1]\n"
                     "            case '-*'\n"
                     "            case '*'\n"
                     "                echo $words[1]\n"
                     "                return\n"
                     "        end\n"
                     "        set -e words[1]\n"
                     "    end\n"
                     "    return 1\n"
                     "end\n"
                     "function __etcd_registry_names\n"
                     "    set -l words (commandline -opc)\n"
                     "    set -l connection\n"
                     "    for i in (seq (count $words))\n"
                     "        if contains -- $words[$i] -e --etcd\n"
                     "            set connection -e $words[(math $i + 1)]\n"
                     "        end\n"
                     "    end\n"
                     "    %2 2>/dev/null\n"
                     "end\n"
                     "complete -c etcd-registry -f\n"_s.arg(withValue.join(u' '),
                                                            QString::fromUtf16(namesOfServices));
    const auto conditionOf = [](const CommandInfo &command) {
        return u" -n 'contains %1 (__etcd_registry_command)'"_s.arg(command.name);
    };
    for (const CommandInfo &command : commandTable()) {
        result += u"complete -c etcd-registry -n 'not __etcd_registry_command >/dev/null' -a %1 "
                  "-d %2\n"_s.arg(command.name, quoted(command.summary));
        const QString arguments = command.name == "help"_L1    ? commandNames().join(u' ')
                                  : !command.choices.isEmpty() ? command.choices.join(u' ')
                                  : command.arguments.contains("NAME"_L1)
                                      ? u"(__etcd_registry_names)"_s
                                      : QString();
        const QString condition = u"complete -c etcd-registry"_s + conditionOf(command);
        if (command.file)
            result += condition + u" -F\n"_s;
        else if (!arguments.isEmpty())
            result += condition + u" -a "_s + quoted(arguments) + u'\n';
    }
    const auto line = [&](const QString &condition, const OptionInfo &option) {
        QString text = u"complete -c etcd-registry"_s + condition + u" -l "_s + option.name;
        if (!option.letter.isEmpty())
            text += u" -s "_s + option.letter;
        if (!option.value.isEmpty())
            text += option.file ? u" -r -F"_s : u" -x"_s;
        if (!option.choices.isEmpty())
            text += u" -a "_s + quoted(option.choices.join(u' '));
        return text + u" -d "_s + quoted(option.text) + u'\n';
    };
    for (const OptionInfo &option : optionsOf(nullptr))
        result += line({}, option);
    for (const CommandInfo &command : commandTable()) {
        for (const QString &name : command.options)
            result += line(conditionOf(command), option(name));
    }
    return result;
}

} // namespace

QString completionScript(const QString &shell)
{
    return shell == "bash"_L1 ? bash() : shell == "zsh"_L1 ? zsh() : fish();
}

} // namespace EtcdRegistry::Cli
