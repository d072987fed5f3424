// SPDX-License-Identifier: MIT
#pragma once

#include <QFile>
#include <QLockFile>

#include <memory>

namespace EtcdRegistry {

/// Lines in a file that is not to grow for ever: when it has half of what is allowed it becomes
/// `<file>.1`, in place of the one before, and a new one begins. One window at a time writes it;
/// a second one that has the same cluster open is told so. Any one thread; it waits for the disk.
class JournalFile
{
public:
    /// Nothing happens on the disk yet; where the folder is empty it never does.
    JournalFile(const QString &folder, const QString &cluster, qint64 limit);
    ~JournalFile();

    /// One name for each cluster, fit for any file system, and for being told apart by people.
    static QString nameOf(const QString &cluster);

    QString path() const { return m_file.fileName(); }
    /// Up to so many of the last lines, the oldest first; those of the file before included.
    QList<QByteArray> lastLines(int count) const;
    /// Whole lines. They are with the system when it returns. Else why not, in the user's language;
    /// those lines are lost, and the next append tries again.
    QString append(const QByteArray &lines);

private:
    QString appendPart(const QByteArray &lines);
    QString open();
    QString previousPath() const { return path() + QLatin1StringView(".1"); }

    QString m_folder;
    QFile m_file;
    qint64 m_limit;
    std::unique_ptr<QLockFile> m_lock;
};

} // namespace EtcdRegistry
