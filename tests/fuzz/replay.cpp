// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include <QDirIterator>
#include <QFile>

#include <cstdio>
#include <vector>

/// Gives the target every file in the folders that are named: what a fuzzer once found, or found
/// interesting, stays a test where there is no fuzzer.
int main(int argc, char **argv)
{
    int inputs = 0;
    for (int i = 1; i < argc; ++i) {
        QDirIterator files(QFile::decodeName(argv[i]), QDir::Files);
        for (; files.hasNext(); ++inputs) {
            QFile file(files.next());
            if (!file.open(QIODevice::ReadOnly))
                return 1;
            std::fprintf(stderr, "%s\n", qPrintable(file.fileName())); // the last one is to blame
            const QByteArray bytes = file.readAll();
            const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
            LLVMFuzzerTestOneInput(exact.data(), exact.size());
        }
    }
    return inputs > 0 ? 0 : 1;
}
