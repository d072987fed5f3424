// SPDX-License-Identifier: MIT
#pragma once

#include "result.h"

#include <QByteArray>
#include <QList>
#include <QVarLengthArray>

#include <functional>
#include <utility>

/// JSON text as its owner wrote it. Documents belong to the services that wrote them, so their
/// fields keep their order and their numbers keep every digit: QJsonObject sorts the former and
/// rounds the latter. All texts are UTF-8. Pure functions, any thread.
namespace EtcdRegistry::Json {

/// One field of an object: the decoded name and the raw, compact text of the value.
struct Field
{
    QString name;
    QByteArray value;

    bool operator==(const Field &) const = default;
};
using Fields = QList<Field>;

/// The fields of an object in their order. An error (InvalidArgument, with line and column in
/// words) where `text` is not valid JSON or not an object.
Result<Fields> fields(const QByteArray &text);

/// The same without a copy: views of the name, a literal with its quotes, and of the raw value.
/// An error may come after some fields.
using FieldVisitor = std::function<void(QByteArrayView name, QByteArrayView value)>;
Result<void> forEachField(QByteArrayView text, const FieldVisitor &visit);

/// Views of the elements of an array. Precondition: valid JSON.
using ElementVisitor = std::function<void(QByteArrayView value)>;
void forEachElement(QByteArrayView text, const ElementVisitor &visit);

/// Why the text is no valid JSON, and where; nothing if it is.
struct Fault
{
    QString reason;
    qsizetype offset;
};
std::optional<Fault> fault(QByteArrayView text);

/// A place in a text as editors count it: both from 1, columns in UTF-16.
struct Position
{
    qsizetype line;
    qsizetype column;

    bool operator==(const Position &) const = default;
};
Position position(QByteArrayView text, qsizetype offset);

/// Every object in the text, the inner ones before those around them: views of its fields that are
/// neither objects nor arrays, of which an object has a thousand at most. One walk over a text of
/// any size, and no tree of it.
using Views = QVarLengthArray<std::pair<QByteArrayView, QByteArrayView>, 8>;
using ObjectVisitor = std::function<void(const Views &fields)>;
Result<void> forEachObject(QByteArrayView text, const ObjectVisitor &visit);

/// The object with these fields, without white space.
QByteArray object(const Fields &fields);

/// Without, or with, white space (two blanks a level, for the first 32) between the tokens; the
/// tokens are untouched. Precondition: valid JSON.
QByteArray compact(QByteArrayView text);
QByteArray indented(QByteArrayView text);

/// A string as a JSON literal, with its quotes, escaped as JavaScript's JSON.stringify does it.
QByteArray quoted(const QString &text);

/// The characters of a string literal, in UTF-8.
QByteArray unescaped(QByteArrayView literal);

/// The text of a raw value: a string's decoded characters, else the raw text itself.
QString text(QByteArrayView value);

/// The integer of a raw value, with or without quotes; 0 if it is none. What is near the ends of
/// the range comes a little closer, so that one can add to it.
qint64 integer(QByteArrayView value);

/// The raw value for what a user typed after `key=`: itself where it is valid JSON (8080, true,
/// null, [1], {"a":1}, "8080" in quotes, and 2^53+1 with all its digits), else a string.
QByteArray valueFromInput(const QString &input);

} // namespace EtcdRegistry::Json
