// SPDX-License-Identifier: MIT
#include "journalmodel.h"

#include "plaintext.h"

#include <QLocale>

#include <functional>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

/// Of an entry whose texts are as long as anybody reads: a name may have a megabyte.
JournalEntry bounded(JournalEntry entry)
{
    for (QString *text : {&entry.nameSpace, &entry.service, &entry.instance, &entry.key})
        *text = plainLine(*text);
    return entry;
}

QString timeText(const QDateTime &time)
{
    return time.date() == QDate::currentDate()
               ? time.toString("HH:mm:ss.zzz"_L1).chopped(2)
               : QLocale().toString(time, JournalModel::tr("d MMM HH:mm"));
}

} // namespace

JournalFilter::JournalFilter(const QString &text, quint32 kinds)
    : m_kinds(kinds)
{
    for (QString word : text.split(u' ', Qt::SkipEmptyParts)) {
        Term term;
        if (word.startsWith(u'!')) {
            term.negated = true;
            word.remove(0, 1);
        }
        for (const auto &[prefix, where] : {std::pair("service:"_L1, Term::Where::Service),
                                            std::pair("namespace:"_L1, Term::Where::NameSpace)}) {
            if (word.startsWith(prefix, Qt::CaseInsensitive)) {
                term.where = where;
                word.remove(0, prefix.size());
            }
        }
        term.text = word;
        if (!word.isEmpty()) // else it is about to be typed
            m_terms.append(term);
    }
}

bool JournalFilter::matches(const JournalEntry &entry) const
{
    const bool kindMatches = m_kinds == 0 || (m_kinds & bit(entry.kind))
                             || (entry.ours && (m_kinds & bit(JournalEntry::Kind::Ours)));
    return kindMatches && std::ranges::all_of(m_terms, [&](const Term &term) {
               return matches(term, entry) != term.negated;
           });
}

bool JournalFilter::matches(const Term &term, const JournalEntry &entry)
{
    const auto in = [&term](const QString &text) {
        return text.contains(term.text, Qt::CaseInsensitive);
    };
    switch (term.where) {
    case Term::Where::Service:
        return in(entry.service);
    case Term::Where::NameSpace:
        return in(entry.nameSpace);
    case Term::Where::Anywhere:
        return in(subjectText(entry)) || in(entry.instance) || in(entry.text());
    }
    Q_UNREACHABLE();
}

JournalModel::JournalModel(qsizetype limit, QObject *parent)
    : MergingModel(parent)
    , m_limit(limit)
{}

void JournalModel::append(const QList<JournalEntry> &all)
{
    const QList<JournalEntry> entries = all.last(std::min(all.size(), m_limit));
    std::vector<qint64> passed; // the newest first
    for (auto each = entries.rbegin(); each != entries.rend(); ++each) {
        const qint64 before = std::distance(each, entries.rend()) - 1;
        if (m_filter.matches(*each))
            passed.push_back(m_first + size() + before);
    }
    m_entries.insert(m_entries.end(), entries.begin(), entries.end());
    if (!passed.empty()) {
        beginInsertRows({}, 0, int(passed.size()) - 1);
        m_shown.insert(m_shown.begin(), passed.begin(), passed.end());
        endInsertRows();
    }
    trim();
}

void JournalModel::trim()
{
    const qsizetype extra = size() - m_limit;
    if (extra <= 0)
        return;
    const qint64 first = m_first + extra;
    const auto end = std::ranges::lower_bound(m_shown, first - 1, std::greater());
    if (end != m_shown.end()) {
        beginRemoveRows({}, int(end - m_shown.begin()), int(m_shown.size()) - 1);
        m_shown.erase(end, m_shown.end());
        endRemoveRows();
    }
    m_entries.erase(m_entries.begin(), m_entries.begin() + extra);
    m_first = first;
}

void JournalModel::setFilter(const JournalFilter &filter)
{
    if (m_filter == filter)
        return;
    m_filter = filter;
    std::vector<qint64> wanted;
    for (qsizetype i = size() - 1; i >= 0; --i) {
        if (m_filter.matches(m_entries[i]))
            wanted.push_back(m_first + i);
    }
    constexpr size_t many = 2000; // of which each that passes or not would be a range
    if (m_shown.size() + wanted.size() < many) {
        const auto unchanged = [](int, qint64) { return false; };
        mergeSorted(m_shown, std::move(wanted), std::greater<qint64>(), unchanged, steps());
        return;
    }
    if (!m_shown.empty()) {
        beginRemoveRows({}, 0, rowCount() - 1);
        m_shown.clear();
        endRemoveRows();
    }
    if (!wanted.empty()) {
        beginInsertRows({}, 0, int(wanted.size()) - 1);
        m_shown = std::move(wanted);
        endInsertRows();
    }
}

QList<JournalEntry> JournalModel::shown() const
{
    QList<JournalEntry> entries;
    entries.reserve(qsizetype(m_shown.size()));
    for (int row = rowCount() - 1; row >= 0; --row)
        entries.append(entry(row));
    return entries;
}

int JournalModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_shown.size());
}

int JournalModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant JournalModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const JournalEntry &entry = this->entry(index.row());
    switch (role) {
    case Qt::DisplayRole:
        break;
    case Qt::ToolTipRole:
        return plainTip(tr("%1  %2\n%3")
                            .arg(QLocale().toString(entry.time.toLocalTime(), QLocale::LongFormat),
                                 plainLine(entry.key), plainText(bounded(entry).text())));
    case KindRole:
        return int(entry.kind);
    case TroubleRole:
        return entry.isTrouble();
    default:
        return {};
    }
    switch (index.column()) {
    case Time:
        return timeText(entry.time.toLocalTime());
    case Kind:
        return kindName(entry.kind);
    case Subject:
        return plainLine(subjectText(bounded(entry)));
    case Text:
        return plainLine(bounded(entry).text());
    default:
        return {};
    }
}

QVariant JournalModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Time:
        return tr("Time");
    case Kind:
        return tr("Kind");
    case Subject:
        return tr("Service");
    case Text:
        return tr("What happened");
    default:
        return {};
    }
}

} // namespace EtcdRegistry
