// SPDX-License-Identifier: MIT
#include "help.h"

#include <QCoreApplication>

using namespace Qt::StringLiterals;

namespace EtcdRegistry::Cli {
namespace {

struct Texts
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Manual)
};

/// A dash is a minus there, and a line must not begin with a dot or an apostrophe.
QString escaped(const QString &text)
{
    QString result = text;
    result.replace(u'\\', u"\\e"_s).replace(u'-', u"\\-"_s);
    return result.startsWith(u'.') || result.startsWith(u'\'') ? u"\\&"_s + result : result;
}

QString paragraphs(const QString &text)
{
    QStringList result;
    for (const QString &paragraph : text.split(u'\n'))
        result += escaped(paragraph);
    return result.join(u"\n.PP\n"_s) + u'\n';
}

QString optionList(const QList<OptionInfo> &options)
{
    QString result;
    for (const OptionInfo &option : options) {
        QString term = u"\\fB\\-\\-"_s + escaped(option.name) + u"\\fR"_s;
        if (!option.letter.isEmpty())
            term = u"\\fB\\-"_s + option.letter + u"\\fR, "_s + term;
        if (!option.value.isEmpty())
            term += u" \\fI"_s + escaped(option.value) + u"\\fR"_s;
        result += u".TP\n"_s + term + u'\n' + escaped(option.text) + u'\n';
    }
    return result;
}

} // namespace

QString manualPage()
{
    QString text =
        u".\\\" SPDX-License-Identifier: MIT\n"
        ".TH ETCD-REGISTRY 1 \"\" \"etcd-registry-browser " ETCD_REGISTRY_VERSION "\" "
        "\"User Commands\"\n.SH NAME\netcd-registry \\- "_s
        + Texts::tr("join, leave, list and look up services in an etcd registry")
        + u"\n.SH SYNOPSIS\n.B etcd-registry\n.RI [ OPTIONS ]\n.I COMMAND\n.RI [ ARGUMENTS ]\n"
          ".SH DESCRIPTION\n"_s
        + paragraphs(Texts::tr(
            "A registry is a part of an etcd cluster in which services write where their instances "
            "can be reached. Each instance keeps its entry alive by a heartbeat; the entry of one "
            "that has died expires. The format is that of the npm package etcd-registry 2.1.1."))
        + u".SH COMMANDS\n"_s;
    for (const CommandInfo &command : commandTable()) {
        text += u".SS "_s + escaped(command.name) + u' ' + escaped(command.arguments) + u'\n'
                + escaped(command.summary.at(0).toUpper() + command.summary.mid(1) + u'.') + u'\n';
        if (!command.text.isEmpty())
            text += u".PP\n"_s + paragraphs(command.text);
        QList<OptionInfo> own;
        for (const QString &name : command.options)
            own += option(name);
        text += optionList(own);
    }
    return text + u".SH OPTIONS OF ALL COMMANDS\n"_s + optionList(optionsOf(nullptr))
           + u".SH CONNECTION STRING\n"
             ".RI [ PROTOCOL ://][ USER : PASSWORD @] HOST [: PORT \"][, \" ...][/ NAMESPACE "
             "\"][?\" "
             "OPTION = VALUE & ...]\n.PP\n"_s
           + paragraphs(Texts::tr(
               "The protocol is http or https, the port 4001 unless it is given. The options are "
               "api (auto, v2 or v3), refresh (true follows the membership of the cluster), ca, "
               "cert and key (PEM files, for https), timeout and deadline (milliseconds for one "
               "attempt, and for an operation with all its attempts), ttl and heartbeat "
               "(seconds)."))
           + u".SH ENVIRONMENT\n.TP\n.B ETCD_REGISTRY\n"_s
           + escaped(Texts::tr("The connection, where --etcd is not given."))
           + u"\n.TP\n.BR ETCDCTL_ENDPOINTS \", \" ETCDCTL_CACERT \", \" ETCDCTL_CERT \", \" "
             "ETCDCTL_KEY \", \" ETCDCTL_USER \", \" ETCDCTL_PASSWORD\n"_s
           + escaped(Texts::tr(
               "etcdctl's variables count for what neither of them says. Where they name a "
               "certificate, hosts without a protocol are https. The password of a user without "
               "one is asked for on a terminal. What else is set of etcdctl's and not used is "
               "told on standard error."))
           + u"\n.TP\n.B NO_COLOR\n"_s
           + escaped(Texts::tr("If set, colours only with --color always."))
           + u"\n.SH EXIT STATUS\n.TP\n.B 0\n"_s + Texts::tr("Done.") + u"\n.TP\n.B 1\n"_s
           + Texts::tr("Nothing was found, or a leave was declined; or, by doctor, something was.")
           + u"\n.TP\n.B 2\n"_s + Texts::tr("The command line is wrong.") + u"\n.TP\n.B 3\n"_s
           + Texts::tr("The cluster can't be reached, or it refused.") + u"\n.PP\n"_s
           + escaped(Texts::tr("join with a COMMAND ends with the status of that."))
           + u"\n.SH EXAMPLES\n.nf\n"_s
           + escaped(
               u"etcd-registry -e 10.0.0.1:2379,10.0.0.2:2379/shop list\n"
               "etcd-registry -e 10.0.0.1:2379/shop join orders -- node server.js\n"
               "etcd-registry -e 10.0.0.1:2379/shop join orders --port 8080 --field version=2.1\n"
               "etcd-registry -e 10.0.0.1:2379/shop watch orders --until joined --for 30s\n"
               "etcd-registry -e 10.0.0.1:2379/shop apply scenario.json --dry-run\n"
               "etcd-registry -e \"https://10.0.0.1:2379/shop?ca=ca.pem\" lookup orders --json\n"_s)
           + u".fi\n.SH SEE ALSO\n.BR etcd-registry-browser (1),\n.BR etcd (1)\n"_s;
}

} // namespace EtcdRegistry::Cli
