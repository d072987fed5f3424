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

/// What asks for the names of services, behind whatever sets the array `connection`: the cluster of
/// the line itself counts. The names are somebody else's text, NUL between them, and no shell may
/// split, expand or evaluate them: never `compgen -W`, never an unquoted expansion.
QString namesCommand(const char16_t *connection)
{
    return u"etcd-registry %1 list --output names0 2>/dev/null"_s.arg(QStringView(connection));
}

/// Reads the line by itself, as far as the point: COMP_WORDS breaks connection strings at their
/// colons, and has words with their quotes. What it replies takes the place of $2, which may begin
/// inside a word (behind a colon) or inside quotes (which stay open).
constexpr char16_t bashScript[] = uR"script(# etcd-registry completion bash
_etcd_registry() {
    local line=${COMP_LINE:0:COMP_POINT} words=() word= some= quote= kept= open= c i
    local replaced=$((${#line} - ${#2}))
    for ((i = 0; i < ${#line}; ++i)); do
        ((i != replaced)) || { kept=${#word}; open=$quote; }
        c=${line:i:1}
        if [[ $quote == "$c" ]]; then
            quote=
        elif [[ $c == \\ && $quote != \' ]]; then
            ((++i))
            c=${line:i:1}
            [[ -z $quote || $c == [\"\\\$\`] ]] || word+=\\
            word+=$c some=1
        elif [[ -z $quote && $c == [\"\'] ]]; then
            quote=$c some=1
        elif [[ -z $quote && $c == [[:blank:]] ]]; then
            [[ -z $some ]] || words+=("$word")
            word= some=
        else
            word+=$c some=1
        fi
    done
    ((replaced != ${#line})) || { kept=${#word}; open=$quote; }
    (($#)) || { kept=0; open=; }
    words+=("$word")

    local last=$((${#words[@]} - 1)) command= behind= names= name
    local options=(%1) choices=() connection=()
    COMPREPLY=()
    case ${words[last-1]} in
%2    *)
        for ((i = 1; i < last; ++i)); do
            case ${words[i]} in
            -e|--etcd) connection=(-e "${words[++i]}") ;;
            --etcd=*) connection=(-e "${words[i]#*=}") ;;
            %3) ((++i)) ;;
            --) behind=1; break ;;
            -*) ;;
            *) [[ -n $command ]] || command=${words[i]} ;;
            esac
        done
        case $command in
        '') choices=(%4) ;;
%5        esac
        if [[ $word == -* && -z $behind ]]; then
            choices=("${options[@]}")
        elif [[ -n $names ]]; then
            mapfile -d '' -t choices < <(%6)
        fi
        ;;
    esac
    [[ -n $kept ]] || return

    local fitting=() quotes=
    for name in "${choices[@]}"; do
        # What begins with a dash would be an option.
        [[ $name == "$word"* && ($name != -* || -n $word$behind) ]] || continue
        name=${name:kept}
        [[ -z ${name//[[:alnum:]_.\/:@%+=,-]} ]] || quotes=1
        fitting+=("$name")
    done
    for name in "${fitting[@]}"; do
        case $open in
        \') name="${name//\'/"'\''"}'" ;; # closed: readline does it but behind a quote
        \") name=${name//\\/"\\\\"}
            name=${name//\"/"\\\""}
            name=${name//\$/"\\\$"}
            name=${name//\`/"\\\`"}
            name=${name//!/"\"'!'\""}\" ;;
        *) [[ -z $quotes ]] || name="'${name//\'/"'\''"}'" ;;
        esac
        COMPREPLY+=("$name")
    done
}
complete -F _etcd_registry etcd-registry
)script";

QString bash()
{
    const auto array = [](const QStringList &words) {
        return u"choices=(%1)"_s.arg(words.join(u' '));
    };
    QString values, commands;
    QStringList withValue;
    const QString files = u"compopt -o filenames; "
                          "mapfile -t COMPREPLY < <(compgen -f -- \"$2\"); return"_s;
    for (const OptionInfo &option : optionTable()) {
        if (option.value.isEmpty())
            continue;
        withValue += wordsOf(option);
        values += u"    %1) %2 ;;\n"_s.arg(wordsOf(option).join(u'|'),
                                           option.file ? files : array(option.choices));
    }
    for (const CommandInfo &command : commandTable()) {
        const QString arguments = command.file                            ? files
                                  : command.name == "help"_L1             ? array(commandNames())
                                  : !command.choices.isEmpty()            ? array(command.choices)
                                  : command.arguments.contains("NAME"_L1) ? u"names=1"_s
                                                                          : QString();
        commands += u"        %1) options=(%2) %3 ;;\n"_s.arg(
            command.name, optionWords(&command).join(u' '), arguments);
    }
    return QString::fromUtf16(bashScript)
        .arg(optionWords(nullptr).join(u' '), values, withValue.join(u'|'),
             commandNames().join(u' '), commands, namesCommand(u"\"${connection[@]}\""));
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
        cases += u"    %1)\n        _arguments -S%2%3 ;;\n"_s.arg(
            command.name, specifications(&command),
            argument.isEmpty() ? QString() : u" \\\n            "_s + quoted(argument));
    }
    return u"#compdef etcd-registry\n"
           "_etcd_registry_names() {\n"
           "    local -a names=(\"${(@0)$(%4)}\")\n"
           "    names=(${names:#})\n"
           "    (($words[(I)--])) || names=(${names:#-*}) # which would be options\n"
           "    compadd -- $names\n"
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
           "_etcd_registry \"$@\"\n"_s.arg(commands, specifications(nullptr), cases,
                                           namesCommand(u"$connection"));
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
    QString result =
        u"# etcd-registry completion fish\n"
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
        "    set -l names (%2 | string split0)\n"
        "    for name in $names\n"
        "        # Behind a tab a description would begin, fish leaves a tilde as it is, and a "
        "dash\n"
        "        # begins options.\n"
        "        string match -qr -- '^~|\\t' $name; and continue\n"
        "        string match -q -- '-*' $name; and not contains -- -- $words\n"
        "        and continue\n"
        "        printf '%s\\0' $name\n"
        "    end | string split0\n"
        "end\n"
        "complete -c etcd-registry -f\n"_s.arg(withValue.join(u' '), namesCommand(u"$connection"));
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
