// SPDX-License-Identifier: MIT
#include "journalfile.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QDir>
#include <QRegularExpression>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::JournalFile)
};

QString errorText(const QString &path, const QString &reason)
{
    return Text::tr("%1: %2.").arg(QDir::toNativeSeparators(path), reason);
}

/// Prepends lines from the end of a file until there are `count`.
void prependLines(const QString &path, qsizetype count, QList<QByteArray> &lines)
{
    constexpr qint64 longest = 1 << 20; // more than a thousand lines: what is before can wait
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return;
    const bool fromStart = file.size() <= longest;
    if (!fromStart)
        file.seek(file.size() - longest);
    QList<QByteArray> here = file.read(longest).split('\n');
    if (!fromStart)
        here.removeFirst(); // it may be a part
    here.removeAll(QByteArray());
    lines = here.mid(std::max<qsizetype>(here.size() + lines.size() - count, 0)) + lines;
}

} // namespace

JournalFile::JournalFile(const QString &folder, const QString &cluster, qint64 limit)
    : m_folder(folder)
    , m_file(QDir(folder).filePath(nameOf(cluster)))
    , m_limit(limit)
{}

JournalFile::~JournalFile() = default;

QString JournalFile::nameOf(const QString &cluster)
{
    static const QRegularExpression unsafe(u"[^A-Za-z0-9.-]+"_s);
    constexpr qsizetype longest = 60;
    const QByteArray hash =
        QCryptographicHash::hash(cluster.toUtf8(), QCryptographicHash::Sha1).toHex().first(10);
    return QString(cluster).replace(unsafe, u"_"_s).left(longest) + u'-' + QString::fromLatin1(hash)
           + u".jsonl"_s;
}

QList<QByteArray> JournalFile::lastLines(int count) const
{
    QList<QByteArray> lines;
    if (m_folder.isEmpty())
        return lines;
    prependLines(path(), count, lines);
    if (lines.size() < count)
        prependLines(previousPath(), count, lines);
    return lines;
}

QString JournalFile::append(const QByteArray &lines)
{
    if (m_folder.isEmpty())
        return {};
    // So much at once that it would not fit: in parts, each of whole lines.
    for (qsizetype from = 0; from < lines.size();) {
        qsizetype size = std::min<qsizetype>(lines.size() - from, m_limit / 2);
        if (from + size < lines.size()) {
            const qsizetype end = QByteArrayView(lines).sliced(from, size).lastIndexOf('\n');
            size = end >= 0 ? end + 1 : lines.indexOf('\n', from) + 1 - from;
        }
        if (const QString error = appendPart(lines.mid(from, size)); !error.isEmpty())
            return error;
        from += size;
    }
    return {};
}

QString JournalFile::appendPart(const QByteArray &lines)
{
    if (!m_file.isOpen()) {
        if (const QString error = open(); !error.isEmpty())
            return error;
    }
    if (m_file.size() > 0 && m_file.size() + lines.size() > m_limit / 2) {
        m_file.close();
        QFile::remove(previousPath());
        QFile::rename(path(), previousPath());
        if (const QString error = open(); !error.isEmpty())
            return error;
    }
    if (m_file.write(lines) == lines.size() && m_file.flush())
        return {};
    const QString error = errorText(path(), m_file.errorString());
    m_file.close();
    return error;
}

/// Values of documents are in it: nobody else on this machine may read them, nor those that former
/// versions left readable.
QString JournalFile::open()
{
    constexpr auto ours = QFile::ReadOwner | QFile::WriteOwner;
    const QDir folder(m_folder);
    if (!folder.exists()) {
        const QString above = QFileInfo(folder.absolutePath()).path();
        if (!QDir().mkpath(above) || !QDir().mkdir(folder.absolutePath(), ours | QFile::ExeOwner))
            return errorText(m_folder, Text::tr("the folder can't be made"));
    }
    QFile::setPermissions(m_folder, ours | QFile::ExeOwner);
    for (const QFileInfo &old :
         folder.entryInfoList({u"*.jsonl*"_s}, QDir::Files | QDir::NoSymLinks))
        QFile::setPermissions(old.filePath(), ours);
    if (!m_lock) {
        auto lock = std::make_unique<QLockFile>(path() + ".lock"_L1);
        lock->setStaleLockTime(0ms); // not by its age: a window is open for days
        if (!lock->tryLock()) {
            return lock->error() == QLockFile::LockFailedError
                       ? Text::tr("another window writes the journal of this cluster.")
                       : errorText(m_folder, Text::tr("the folder can't be written to"));
        }
        m_lock = std::move(lock);
    }
    // For reading too, to see how it ends: a crash may have left half a line.
    if (!m_file.open(QIODevice::ReadWrite | QIODevice::Append, ours))
        return errorText(path(), m_file.errorString());
    if (m_file.size() > 0 && m_file.seek(m_file.size() - 1) && m_file.read(1) != "\n")
        m_file.write("\n");
    return {};
}

} // namespace EtcdRegistry
