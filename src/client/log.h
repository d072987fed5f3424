// SPDX-License-Identifier: MIT
#pragma once

#include <QLoggingCategory>

/// Categories, to be switched on by QT_LOGGING_RULES="etcdregistry.*=true". Secrets never go here.
Q_DECLARE_LOGGING_CATEGORY(logTransport)
Q_DECLARE_LOGGING_CATEGORY(logStore)
Q_DECLARE_LOGGING_CATEGORY(logRegistry)
