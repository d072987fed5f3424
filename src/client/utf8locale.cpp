// SPDX-License-Identifier: MIT
#include "utf8locale.h"

#include <clocale>
#include <langinfo.h>

namespace EtcdRegistry {

Utf8Locale::Utf8Locale()
    : m_all(qgetenv("LC_ALL"))
{
    std::setlocale(LC_ALL, "");
    m_isReplaced = qstricmp(nl_langinfo(CODESET), "UTF-8") != 0;
    if (m_isReplaced)
        qputenv("LC_ALL", "C.UTF-8");
}

Utf8Locale::~Utf8Locale()
{
    if (!m_isReplaced)
        return;
    if (m_all.isNull())
        qunsetenv("LC_ALL");
    else
        qputenv("LC_ALL", m_all);
}

} // namespace EtcdRegistry
