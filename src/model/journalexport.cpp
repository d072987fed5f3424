// SPDX-License-Identifier: MIT
#include "journalexport.h"

#include "plaintext.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QSaveFile>
#include <QStringList>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::JournalExport)
};

/// RFC 4180.
QString csvLine(const QStringList &values)
{
    QStringList cells;
    for (const QString &value : values)
        cells.append(u'"' + QString(value).replace(u'"', u"\"\""_s) + u'"');
    return cells.join(u',') + "\r\n"_L1;
}

QString textLine(const JournalEntry &entry)
{
    const QString line = u"%1  %2  %3  %4"_s.arg(
        entry.time.toLocalTime().toString("yyyy-MM-dd HH:mm:ss.zzz"_L1),
        kindName(entry.kind).leftJustified(8), subjectText(entry).leftJustified(24), entry.text());
    return plainText(line) + u'\n';
}

QString csvLine(const JournalEntry &entry)
{
    return csvLine({entry.time.toString(Qt::ISODateWithMs), kindWord(entry.kind), entry.nameSpace,
                    entry.service, entry.instance, entry.key, entry.text()});
}

} // namespace

QByteArray journalAs(const QString &suffix, const QList<JournalEntry> &entries)
{
    const bool csv = suffix.compare("csv"_L1, Qt::CaseInsensitive) == 0;
    const bool json = suffix.startsWith("json"_L1, Qt::CaseInsensitive);
    QByteArray text;
    if (csv)
        text = csvLine({u"time"_s, u"kind"_s, u"namespace"_s, u"service"_s, u"instance"_s, u"key"_s,
                        u"what"_s})
                   .toUtf8();
    for (const JournalEntry &entry : entries)
        text += json ? plainJson(entry.toJson()) + '\n'
                     : (csv ? csvLine(entry) : textLine(entry)).toUtf8();
    return text;
}

QString exportJournal(const QString &path, const QList<JournalEntry> &entries)
{
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly)) {
        if (!QFile::exists(path)) // there are documents in it: who saves it says who may read it
            file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
        file.write(journalAs(QFileInfo(path).suffix(), entries));
        if (file.commit())
            return {};
    }
    return Text::tr("%1 can't be written: %2. Choose another file.")
        .arg(QDir::toNativeSeparators(path), file.errorString());
}

} // namespace EtcdRegistry
