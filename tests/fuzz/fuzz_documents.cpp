// SPDX-License-Identifier: MIT
#include "fuzz.h"

#include "layout.h"
#include "snapshot.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

using namespace EtcdRegistry;

/// What we accept reads the same in Qt's parser, which accepts more.
static void checkAgainstQt(const QByteArray &text, const Json::Fields &fields)
{
    if (text.contains("\"\ufeff")) // it drops a byte order mark at the beginning of a string
        return;
    QJsonParseError error;
    const QJsonObject object = QJsonDocument::fromJson(text, &error).object();
    if (error.error == QJsonParseError::IllegalNumber) // one beyond the range of a double
        return;
    HOLDS(error.error == QJsonParseError::NoError);
    QMap<QString, QByteArray> last; // the one that counts
    for (const Json::Field &field : fields)
        last.insert(field.name, field.value);
    HOLDS(object.size() == last.size());
    for (const auto &[name, value] : last.asKeyValueRange()) {
        const QJsonValue theirs = object.value(name);
        HOLDS(theirs.isString() == value.startsWith('"'));
        HOLDS(!theirs.isString() || theirs.toString() == Json::text(value));
    }
}

static void checkJson(QByteArrayView view)
{
    const QByteArray text = view.toByteArray();
    qsizetype objects = 0;
    const bool isJson(Json::forEachObject(view, [&](const Json::Views &) { ++objects; }));
    const auto fields = Json::fields(text);
    HOLDS(bool(fields) == (isJson && text.trimmed().startsWith('{')));
    HOLDS(bool(Json::forEachField(view, [](auto, auto) {})) == bool(fields));
    if (!isJson)
        return;
    const QByteArray compact = Json::compact(text), indented = Json::indented(text);
    HOLDS(Json::compact(compact) == compact && Json::compact(indented) == compact);
    HOLDS(indented.size() <= 100 * text.size());
    HOLDS(Json::indented(indented) == indented && Json::indented(compact) == indented);
    if (!fields)
        return;
    const QByteArray object = Json::object(*fields);
    const auto again = Json::fields(object);
    HOLDS(again && *again == *fields && Json::object(*again) == object);
    const auto fromIndented = Json::fields(indented);
    HOLDS(fromIndented && *fromIndented == *fields);
    checkAgainstQt(text, *fields);
}

static void checkInput(const QString &text)
{
    HOLDS(Json::text(Json::quoted(text)) == text);
    HOLDS(Json::unescaped(Json::quoted(text)) == text.toUtf8());
    const QByteArray value = Json::valueFromInput(text);
    const auto field = Json::fields("{\"a\":" + value + '}');
    HOLDS(field && field->size() == 1 && field->front().value == value);
}

static void checkService(const Service &service)
{
    const auto record = Layout::encode(service);
    if (!record) {
        HOLDS(!record.error().message().isEmpty());
        return;
    }
    const auto given = Json::fields(service.document), written = Json::fields(record->value);
    HOLDS(given && written && given->size() <= written->size());
    HOLDS(std::ranges::equal(*given, written->first(given->size()), {}, &Json::Field::name,
                             &Json::Field::name));
    for (const Api api : {Api::V2, Api::V3}) {
        const Instance instance =
            Layout::decode({.key = record->key, .value = record->value}, api, {});
        HOLDS(instance.problem == Instance::Problem::None);
        HOLDS(instance.service == service.name);
        HOLDS(Layout::prefix(instance.nameSpace) == Layout::prefix(service.nameSpace));
        HOLDS(instance.hostname == service.hostname);
        HOLDS(!instance.host.isEmpty() && !instance.url.isEmpty());
        HOLDS(instance.document == record->value && instance.key == record->key);
    }
    // What somebody edits is a service again, and the same one.
    Service edited = service;
    edited.document = record->value;
    HOLDS(*Layout::encode(edited) == *record);
}

static void checkEntries(const QList<Entry> &entries)
{
    for (const Api api : {Api::V2, Api::V3}) {
        QList<Instance> expected;
        for (const Entry &entry : entries)
            expected.append(Layout::decode(entry, api, {}));
        QList<Instance> all = Layout::decodeAll(entries, api, {});
        HOLDS(std::ranges::is_sorted(all, instanceLess));
        HOLDS(std::ranges::is_permutation(all, expected));
    }
}

/// Three lines, a name, a namespace and a host, and then a document.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    QByteArrayView rest(data, size);
    QStringList lines;
    while (lines.size() < 3) {
        const qsizetype end = rest.indexOf('\n');
        if (end < 0)
            break;
        lines.append(textOf(rest.first(end)));
        rest = rest.sliced(end + 1);
    }
    const QString name = lines.value(0), nameSpace = lines.value(1), host = lines.value(2);
    const QByteArray document = rest.toByteArray();

    checkJson(rest);
    checkInput(textOf(rest));
    checkService({.name = name,
                  .nameSpace = nameSpace,
                  .document = document,
                  .hostname = host.isEmpty() ? QStringLiteral("localhost") : host,
                  .port = int(host.size()) % 3});
    checkEntries({{.key = name, .value = document},
                  {.key = Layout::prefix(nameSpace, name) + host, .value = document},
                  {.key = host, .value = document.chopped(document.size() / 2)}});
    return 0;
}
