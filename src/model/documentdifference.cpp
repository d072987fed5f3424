// SPDX-License-Identifier: MIT
#include "documentdifference.h"

#include "json.h"

#include <QCoreApplication>
#include <QHash>
#include <QStringList>
#include <QVarLengthArray>

namespace EtcdRegistry {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::Difference)
};

constexpr qsizetype mostFields = 8;
constexpr qsizetype longestValue = 80; ///< bytes; also of a name
constexpr qsizetype context = 10;      ///< bytes before the first that differs
constexpr char ellipsis[] = "\u2026";

struct FieldView
{
    QByteArrayView name; ///< as written, with its quotes
    QByteArrayView value;
    bool matched = false;
};
using FieldViews = QVarLengthArray<FieldView, 24>;

bool isInsideCharacter(char c)
{
    return (uchar(c) & 0xc0) == 0x80;
}

/// So much of the text from `from` on that it can be shown.
QByteArray cut(QByteArrayView text, qsizetype from)
{
    if (text.size() <= longestValue)
        return text.isEmpty() ? QByteArray("") : text.toByteArray();
    while (from > 0 && isInsideCharacter(text[from]))
        --from;
    qsizetype end = std::min(text.size(), from + longestValue);
    while (end < text.size() && isInsideCharacter(text[end]))
        --end;
    return (from > 0 ? ellipsis : "") + text.sliced(from, end - from).toByteArray()
           + (end < text.size() ? ellipsis : "");
}

qsizetype firstDifference(QByteArrayView a, QByteArrayView b)
{
    const auto common = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
    return std::max<qsizetype>(common - context, 0);
}

bool isNested(QByteArrayView value)
{
    return value.startsWith('{') || value.startsWith('[');
}

void add(Difference &difference, QByteArrayView name, QByteArrayView before, QByteArrayView after)
{
    if (difference.fields.size() == mostFields) {
        ++difference.more;
        return;
    }
    const auto from = before.isNull() || after.isNull() ? 0 : firstDifference(before, after);
    const auto shown = [from](QByteArrayView value) {
        return value.isNull() ? QByteArray() : cut(value, std::min(from, value.size() - 1));
    };
    QString text = Json::text(name);
    if (text.size() > longestValue) {
        text.truncate(longestValue - text[longestValue - 1].isHighSurrogate());
        text += u'\u2026';
    }
    difference.fields.append({text, shown(before), shown(after)});
}

void compare(Difference &difference, const FieldView &before, const FieldView &after)
{
    if (before.value == after.value)
        return;
    if (isNested(before.value) && isNested(after.value)) {
        const QByteArray a = Json::compact(before.value), b = Json::compact(after.value);
        if (a != b)
            add(difference, before.name, a, b);
    } else {
        add(difference, before.name, before.value, after.value);
    }
}

/// Finds the partners of those that are not at the same place in both.
QVarLengthArray<qsizetype, 24> partners(FieldViews &before, FieldViews &after)
{
    QVarLengthArray<qsizetype, 24> partners(before.size(), -1);
    qsizetype same = 0;
    for (; same < std::min(before.size(), after.size()); ++same) {
        if (before[same].name != after[same].name)
            break;
        partners[same] = same;
        after[same].matched = true;
    }
    QHash<QByteArray, QList<qsizetype>> places; // by the names that the literals stand for
    for (qsizetype i = after.size() - 1; i >= same; --i)
        places[Json::unescaped(after[i].name)].append(i); // the first is the last in the list
    for (qsizetype i = same; i < before.size(); ++i) {
        const auto found = places.find(Json::unescaped(before[i].name));
        if (found == places.end() || found->isEmpty())
            continue;
        partners[i] = found->takeLast();
        after[partners[i]].matched = true;
    }
    return partners;
}

bool read(const QByteArray &document, FieldViews &fields)
{
    return bool(Json::forEachField(document, [&](QByteArrayView name, QByteArrayView value) {
        fields.append({name, value});
    }));
}

} // namespace

Difference documentDifference(const QByteArray &before, const QByteArray &after)
{
    Difference difference;
    FieldViews old, now;
    const bool wasObject = read(before, old), isObject = read(after, now);
    if (!wasObject || !isObject) {
        if (before != after) {
            const auto from = wasObject || isObject ? 0 : firstDifference(before, after);
            const auto shown = [from](bool object, const QByteArray &text) {
                return object ? QByteArray()
                              : cut(text, std::min(from, std::max<qsizetype>(text.size() - 1, 0)));
            };
            difference.fields.append({{}, shown(wasObject, before), shown(isObject, after)});
        }
        return difference;
    }
    const auto partnerOf = partners(old, now);
    for (qsizetype i = 0; i < old.size(); ++i) {
        if (partnerOf[i] < 0)
            add(difference, old[i].name, old[i].value, {});
        else
            compare(difference, old[i], now[partnerOf[i]]);
    }
    for (const FieldView &field : now) {
        if (!field.matched)
            add(difference, field.name, {}, field.value);
    }
    return difference;
}

QString differenceText(const Difference &difference)
{
    QStringList texts;
    for (const auto &[name, before, after] : difference.fields) {
        const QString was = QString::fromUtf8(before), is = QString::fromUtf8(after);
        if (name.isNull())
            texts.append(before.isNull()  ? Text::tr("no JSON object any more: %1").arg(is)
                         : after.isNull() ? Text::tr("a JSON object now; it was: %1").arg(was)
                                          : Text::tr("no JSON object: %1 → %2").arg(was, is));
        else
            texts.append(before.isNull()  ? Text::tr("%1 added %2").arg(name, is)
                         : after.isNull() ? Text::tr("%1 removed").arg(name)
                                          : Text::tr("%1 %2 → %3").arg(name, was, is));
    }
    if (difference.more)
        texts.append(Text::tr("%1 more").arg(difference.more));
    return texts.isEmpty() ? Text::tr("the same fields, written differently")
                           : texts.join(Text::tr(", "));
}

} // namespace EtcdRegistry
