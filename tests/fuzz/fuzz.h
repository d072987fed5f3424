// SPDX-License-Identifier: MIT
#pragma once

#include <QtGlobal>

#include <cstddef>
#include <cstdint>

/// Something that is true whatever the input: where it is not the process ends, and the input is a
/// finding.
#define HOLDS(property)                                                                            \
    ((property) ? void() : qFatal("%s:%d: does not hold: %s", __FILE__, __LINE__, #property))

/// The input. It ends where its memory does, so a sanitizer sees who reads on.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
