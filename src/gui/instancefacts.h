// SPDX-License-Identifier: MIT
#pragma once

#include "instance.h"

#include <QList>

#include <utility>

namespace EtcdRegistry {

/// A label and what is to be said under it.
using Fact = std::pair<QString, QString>;

/// What is known of an instance and its key, in the user's language and in a fixed order, except
/// its state (see stateSentence()) and its document. What it has not is left out.
QList<Fact> instanceFacts(const Instance &instance, Instance::Clock::time_point now);

} // namespace EtcdRegistry
