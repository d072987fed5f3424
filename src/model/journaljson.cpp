// SPDX-License-Identifier: MIT
#include "journalentry.h"

#include "json.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <array>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;
using Kind = JournalEntry::Kind;
using What = JournalEntry::What;

namespace {

// What files say, in the order of the enumerations; a word that was in a file stays for ever.
constexpr std::array kindWords{"joined", "changed",  "left", "expired", "gone",
                               "late",   "flapping", "ours", "node",    "watch"};
constexpr std::array whatWords{
    "",          "not joined",  "beat paused",    "beat resumed",   "beat failed",   "beats again",
    "lost",      "rejoined",    "beat overdue",   "key taken",      "lease revoked", "let go",
    "not left",  "left again",  "directory gone", "two owners",     "no answer",     "answers",
    "leads",     "connected",   "moved",          "resynchronised", "repaired",      "cut off",
    "recovered", "paced",       "streaming",      "held back",      "no leader",     "led",
    "replaced",  "not written", "left here",      "put back"};
constexpr std::array errorWords{
    "invalid argument", "not found",     "conflict",          "taken",
    "login required",   "login refused", "permission denied", "unreachable",
    "timeout",          "unavailable",   "no leader",         "tls",
    "out of space",     "too large",     "not served",        "other cluster",
    "protocol"};
static_assert(kindWords.size() == JournalEntry::kindCount);
static_assert(whatWords.size() == size_t(What::PutBack) + 1);
static_assert(errorWords.size() == size_t(Error::Code::Protocol) + 1);

template <typename Enum, size_t size>
std::optional<Enum> read(const QJsonValue &word, const std::array<const char *, size> &words)
{
    const auto found = std::ranges::find_if(words, [text = word.toString()](const char *each) {
        return text == QLatin1StringView(each);
    });
    return found == words.end() ? std::nullopt : std::optional(Enum(found - words.begin()));
}

/// Writes the fields of an object. (QJsonDocument takes ten times as long, and it is written
/// thousands of times a second.)
class Writer
{
public:
    void text(const char *name, const QString &value)
    {
        begin(name);
        m_line += quoted(value);
    }
    void text(const char *name, const char *value)
    {
        begin(name);
        m_line += '"';
        m_line += value;
        m_line += '"';
    }
    void number(const char *name, qint64 value)
    {
        begin(name);
        m_line += QByteArray::number(value);
    }
    void raw(const char *name, const QByteArray &value)
    {
        begin(name);
        m_line += value;
    }
    QByteArray end() { return std::move(m_line += '}'); }

private:
    void begin(const char *name)
    {
        m_line += m_line.size() > 1 ? ",\"" : "\"";
        m_line += name;
        m_line += "\":";
    }

    static QByteArray quoted(const QString &text)
    {
        const QByteArray plain = text.toUtf8();
        const bool escapes = std::any_of(plain.begin(), plain.end(), [](char c) {
            return uchar(c) < ' ' || c == '"' || c == '\\';
        });
        return escapes ? Json::quoted(text) : '"' + plain + '"';
    }

    QByteArray m_line{"{"};
};

QByteArray toJson(const Error &error)
{
    Writer writer;
    writer.text("code", errorWords[size_t(error.code)]);
    if (error.httpStatus)
        writer.number("httpStatus", error.httpStatus);
    if (error.etcdCode)
        writer.number("etcdCode", error.etcdCode);
    writer.text("endpoint", error.endpoint);
    writer.text("detail", error.detail);
    return writer.end();
}

Error errorOf(const QJsonObject &object)
{
    return {.code =
                read<Error::Code>(object["code"_L1], errorWords).value_or(Error::Code::Protocol),
            .httpStatus = object["httpStatus"_L1].toInt(),
            .etcdCode = object["etcdCode"_L1].toInt(),
            .endpoint = object["endpoint"_L1].toString(),
            .detail = object["detail"_L1].toString()};
}

QByteArray toJson(const QList<FieldChange> &changes)
{
    QByteArray list("[");
    for (const FieldChange &change : changes) {
        Writer writer;
        if (!change.name.isNull())
            writer.text("field", change.name);
        if (!change.before.isNull())
            writer.text("before", QString::fromUtf8(change.before));
        if (!change.after.isNull())
            writer.text("after", QString::fromUtf8(change.after));
        list += (list.size() > 1 ? "," : "") + writer.end();
    }
    return list + ']';
}

Difference differenceOf(const QJsonObject &entry)
{
    const auto bytes = [](const QJsonValue &value) {
        if (!value.isString())
            return QByteArray();
        const QString text = value.toString();
        return text.isEmpty() ? QByteArray("") : text.toUtf8();
    };
    Difference difference{.more = entry["more"_L1].toInt()};
    for (const QJsonValue &value : entry["difference"_L1].toArray()) {
        const QJsonValue name = value["field"_L1];
        difference.fields.append({name.isString() ? u""_s + name.toString() : QString(),
                                  bytes(value["before"_L1]), bytes(value["after"_L1])});
    }
    return difference;
}

/// QDateTime::toString(Qt::ISODateWithMs) for one that is in UTC, in a quarter of the time.
QByteArray isoTime(const QDateTime &utc)
{
    thread_local qint64 second = -1;
    thread_local QByteArray text;
    const qint64 ms = utc.toMSecsSinceEpoch();
    if (ms / 1000 != second) {
        second = ms / 1000;
        text = utc.toString("yyyy-MM-ddTHH:mm:ss"_L1).toLatin1();
    }
    return text + '.' + QByteArray::number(1000 + ms % 1000).sliced(1) + 'Z';
}

} // namespace

QByteArray JournalEntry::toJson() const
{
    Writer writer;
    writer.raw("time", '"' + isoTime(time) + '"');
    writer.text("kind", kindWords[size_t(kind)]);
    if (what != What::None)
        writer.text("what", whatWords[size_t(what)]);
    if (!key.isEmpty()) {
        writer.text("namespace", nameSpace);
        writer.text("service", service);
        writer.text("key", key);
    }
    writer.text("instance", instance);
    if (ours)
        writer.raw("ours", "true");
    if (duration)
        writer.number("duration", duration->count());
    if (count)
        writer.number("count", count);
    if (kind == Kind::Changed)
        writer.raw("difference", EtcdRegistry::toJson(difference.fields));
    if (difference.more)
        writer.number("more", difference.more);
    if (error)
        writer.raw("error", EtcdRegistry::toJson(*error));
    return writer.end();
}

std::optional<JournalEntry> JournalEntry::fromJson(const QByteArray &line)
{
    const QJsonObject object = QJsonDocument::fromJson(line).object();
    const auto time = QDateTime::fromString(object["time"_L1].toString(), Qt::ISODateWithMs);
    const auto kind = read<Kind>(object["kind"_L1], kindWords);
    const auto what = read<What>(object["what"_L1], whatWords);
    if (!time.isValid() || !kind || !what)
        return std::nullopt;
    JournalEntry entry{.time = time,
                       .kind = *kind,
                       .what = *what,
                       .nameSpace = object["namespace"_L1].toString(),
                       .service = object["service"_L1].toString(),
                       .key = object["key"_L1].toString(),
                       .instance = object["instance"_L1].toString(),
                       .ours = object["ours"_L1].toBool(),
                       .count = object["count"_L1].toInt(),
                       .difference = differenceOf(object)};
    if (const QJsonValue ms = object["duration"_L1]; ms.isDouble())
        entry.duration = std::chrono::milliseconds(ms.toInteger());
    if (const QJsonValue error = object["error"_L1]; error.isObject())
        entry.error = errorOf(error.toObject());
    return entry;
}

QString kindWord(JournalEntry::Kind kind)
{
    return QLatin1StringView(kindWords[size_t(kind)]);
}

} // namespace EtcdRegistry
