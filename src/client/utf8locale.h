// SPDX-License-Identifier: MIT
#pragma once

#include <QByteArray>

namespace EtcdRegistry {

/// Qt reads the locale in the first QCoreApplication of a process, and prints four lines where that
/// is not UTF-8, as under cron and in containers, before it takes UTF-8 all the same. While this
/// exists it finds one; afterwards the environment is what it was, for processes that we start.
/// Only while there is one thread.
class Utf8Locale
{
    Q_DISABLE_COPY_MOVE(Utf8Locale)
public:
    Utf8Locale();
    ~Utf8Locale();

private:
    QByteArray m_all; ///< LC_ALL, which counts for more than the other variables
    bool m_isReplaced = false;
};

} // namespace EtcdRegistry
