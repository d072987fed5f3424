// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include "linesplitter.h"

#include <QList>

using namespace EtcdRegistry;

/// The first line says in what pieces the rest comes, over and over: 0 to 9 bytes, or A to I for 1
/// to 9 bytes after which nobody takes lines yet.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArray input(reinterpret_cast<const char *>(data), size);
    const QByteArray pieces = input.left(input.indexOf('\n'));
    const QByteArray text = input.mid(pieces.size() + 1);

    LineSplitter splitter;
    QByteArrayList lines;
    qsizetype at = 0;
    const auto take = [&] {
        while (const auto line = splitter.takeLine())
            lines.append(*line);
    };
    for (qsizetype i = 0; i < text.size() && !pieces.isEmpty(); ++i) {
        const uchar piece = pieces[i % pieces.size()];
        splitter.append(text.mid(at, piece % 16));
        at += piece % 16;
        if (piece & 0x20)
            take();
    }
    splitter.append(text.mid(at));
    take();
    lines.append(splitter.takeRest());
    HOLDS(lines == text.split('\n'));
    HOLDS(splitter.takeRest().isEmpty() && !splitter.takeLine());
    return 0;
}
