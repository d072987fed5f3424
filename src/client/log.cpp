// SPDX-License-Identifier: MIT
#include "log.h"

Q_LOGGING_CATEGORY(logTransport, "etcdregistry.transport", QtWarningMsg)
Q_LOGGING_CATEGORY(logStore, "etcdregistry.store", QtWarningMsg)
Q_LOGGING_CATEGORY(logRegistry, "etcdregistry.registry", QtWarningMsg)
