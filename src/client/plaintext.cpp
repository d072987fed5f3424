// SPDX-License-Identifier: MIT
#include "plaintext.h"

#include <algorithm>
#include <array>

namespace EtcdRegistry {
namespace {

/// Default_Ignorable_Code_Point of Unicode, where the category does not say it: fillers, vowel
/// signs that show nothing, and selectors of variants.
constexpr std::array<std::pair<char32_t, char32_t>, 8> invisible{{
    {0x034f, 0x034f},
    {0x115f, 0x1160},
    {0x17b4, 0x17b5},
    {0x180b, 0x180f},
    {0x3164, 0x3164},
    {0xfe00, 0xfe0f},
    {0xffa0, 0xffa0},
    {0xe0000, 0xe0fff},
}};

bool isAscii(QChar c)
{
    return c >= u' ' && c < u'\x7f';
}

QString plain(const QString &text, qsizetype most, bool ofLines)
{
    const bool isCut = text.size() > most;
    const QStringView shown = isCut ? QStringView(text).first(most - 1) : QStringView(text);
    const auto first = std::ranges::find_if_not(shown, isAscii) - shown.begin();
    if (!isCut && first == shown.size())
        return text;
    QString result = shown.first(first).toString();
    for (qsizetype i = first; i < shown.size();) {
        const char32_t c = characterAt(shown, i);
        const qsizetype size = QChar::requiresSurrogates(c) ? 2 : 1;
        const bool stays = isPlain(c) || (ofLines && (c == U'\n' || c == U'\t'));
        if (stays)
            result += shown.sliced(i, size);
        else if (!isCut || i + 1 < shown.size() || !shown[i].isHighSurrogate())
            result += QChar::ReplacementCharacter; // but for half of what the cut went through
        i += size;
    }
    return isCut ? result + u'\u2026' : result;
}

} // namespace

char32_t characterAt(QStringView text, qsizetype i)
{
    return i + 1 < text.size() && text[i].isHighSurrogate() && text[i + 1].isLowSurrogate()
               ? QChar::surrogateToUcs4(text[i], text[i + 1])
               : text[i].unicode();
}

bool isPlain(char32_t character)
{
    if (!QChar::isPrint(character))
        return false;
    const auto category = QChar::category(character);
    return category != QChar::Separator_Line && category != QChar::Separator_Paragraph
           && std::ranges::none_of(invisible, [=](const auto &range) {
                  return character >= range.first && character <= range.second;
              });
}

QString plainText(const QString &text, qsizetype most)
{
    return plain(text, most, false);
}

QString plainLines(const QString &text, qsizetype most)
{
    return plain(text, most, true);
}

QString plainTip(const QString &text)
{
    constexpr qsizetype widest = 100;
    QString result = plainLines(text, longestTip);
    qsizetype blank = -1; // where the line may be broken
    for (qsizetype i = 0, start = 0; i < result.size(); ++i) {
        if (result[i] == u'\n') {
            start = i + 1;
            blank = -1;
        } else if (i - start >= widest && !result[i].isLowSurrogate()) {
            if (blank >= start)
                result[blank] = u'\n';
            else
                result.insert(i, u'\n');
            start = blank >= start ? blank + 1 : i + 1;
            blank = -1;
        } else if (result[i] == u' ') {
            blank = i;
        }
    }
    return result;
}

QByteArray plainJson(const QByteArray &json)
{
    const auto isSafe = [](char c) { return uchar(c) < 0x7f; }; // valid JSON has no C0 in strings
    if (std::ranges::all_of(json, isSafe))
        return json;
    const QString text = QString::fromUtf8(json);
    QByteArray result;
    result.reserve(json.size());
    for (qsizetype i = 0; i < text.size();) {
        const char32_t c = characterAt(text, i);
        const qsizetype size = QChar::requiresSurrogates(c) ? 2 : 1;
        if (c < 0x7f || isPlain(c)) {
            result += QStringView(text).sliced(i, size).toUtf8();
        } else {
            for (const QChar unit : QStringView(text).sliced(i, size))
                result += "\\u" + QByteArray::number(unit.unicode(), 16).rightJustified(4, '0');
        }
        i += size;
    }
    return result;
}

} // namespace EtcdRegistry
