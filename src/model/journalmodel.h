// SPDX-License-Identifier: MIT
#pragma once

#include "journalentry.h"
#include "mergesorted.h"

#include <QAbstractTableModel>

#include <deque>

namespace EtcdRegistry {

/// Which entries of a journal are shown. Words, set apart by blanks, are looked for in the service,
/// the instance and what happened; all must be found. `service:word` and `namespace:word` look
/// there only, and `!word` must not be found. Upper and lower case are the same.
class JournalFilter
{
public:
    JournalFilter() = default; ///< all
    explicit JournalFilter(const QString &text, quint32 kinds = 0);

    static quint32 bit(JournalEntry::Kind kind) { return 1u << quint32(kind); }

    bool isEmpty() const { return m_kinds == 0 && m_terms.isEmpty(); }
    bool matches(const JournalEntry &entry) const;

    bool operator==(const JournalFilter &) const = default;

private:
    struct Term
    {
        enum class Where { Anywhere, Service, NameSpace } where = Where::Anywhere;
        bool negated = false;
        QString text;

        bool operator==(const Term &) const = default;
    };

    static bool matches(const Term &term, const JournalEntry &entry);

    quint32 m_kinds = 0; ///< bits; none: all. Ours takes whatever is ours.
    QList<Term> m_terms;
};

/// The journal as a table, the newest entry first, bounded. Entries come in batches; it never
/// resets.
class JournalModel : public MergingModel<QAbstractTableModel>
{
    Q_OBJECT
public:
    enum Column { Time, Kind, Subject, Text, ColumnCount };
    enum Role {
        KindRole = Qt::UserRole + 1, ///< int of JournalEntry::Kind
        TroubleRole,
    };
    static constexpr qsizetype defaultLimit = 20'000;

    explicit JournalModel(qsizetype limit = defaultLimit, QObject *parent = nullptr);

    void append(const QList<JournalEntry> &entries); ///< in the order in which they happened
    void setFilter(const JournalFilter &filter);
    const JournalFilter &filter() const { return m_filter; }

    const JournalEntry &entry(int row) const { return m_entries[m_shown[row] - m_first]; }
    QList<JournalEntry> shown() const; ///< what passes the filter, the oldest first
    qsizetype size() const { return qsizetype(m_entries.size()); } ///< whatever the filter

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void trim();

    qsizetype m_limit;
    std::deque<JournalEntry> m_entries; ///< the oldest first
    qint64 m_first = 0;                 ///< the number of the oldest
    std::vector<qint64> m_shown;        ///< numbers of those that pass, in the order of rows
    JournalFilter m_filter;
};

} // namespace EtcdRegistry
