// SPDX-License-Identifier: MIT
#pragma once

#include <QStringDecoder>

#include <cstddef>
#include <cstdint>

/// Something that is true whatever the input: where it is not the process ends, and the input is a
/// finding.
#define HOLDS(property)                                                                            \
    ((property) ? void() : qFatal("%s:%d: does not hold: %s", __FILE__, __LINE__, #property))

/// With all its characters: QString::fromUtf8() drops a byte order mark at the beginning.
inline QString textOf(QByteArrayView utf8)
{
    return QStringDecoder(QStringDecoder::Utf8, QStringDecoder::Flag::ConvertInitialBom)(utf8);
}

/// The input. It ends where its memory does, so a sanitizer sees who reads on.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
