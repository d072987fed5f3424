// SPDX-License-Identifier: MIT
#include "documentview.h"

#include "json.h"
#include "jsonhighlighter.h"
#include "plaintext.h"

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

/// What keeps a document of a megabyte from freezing the window: Qt colours a text and counts its
/// lines at once, and lays out a line in a time that grows with the square of its length.
constexpr qsizetype longestColored = 100'000; ///< beyond it a text has no colours
constexpr qsizetype mostLines = 100'000;      ///< beyond them JSON is not indented
constexpr qsizetype longestRow = 10'000;      ///< beyond it a line is broken for the eye
constexpr qsizetype mostShown = 2'000'000;    ///< characters; beyond them it is cut

/// Bytes of any kind as text that can be looked at: what is no UTF-8 as replacement characters,
/// control characters as \x01.
QString printable(const QByteArray &bytes)
{
    QString result;
    for (const QChar c : QString::fromUtf8(bytes)) {
        if (c.category() == QChar::Other_Control && c != u'\n' && c != u'\t')
            result += u"\\x"_s + QString::number(c.unicode(), 16).rightJustified(2, u'0');
        else
            result += c;
    }
    return result;
}

/// Indented if it is JSON, be it an object or another value.
QString readable(const QByteArray &document)
{
    const auto wrapped = Json::fields("{\"value\":" + document + '}');
    if (!wrapped || wrapped->size() != 1)
        return plainLines(printable(document));
    const QByteArray indented = Json::indented(document);
    return QString::fromUtf8(plainJson(indented.count('\n') > mostLines ? document : indented));
}

QString withoutLongLines(const QString &text)
{
    QString result;
    result.reserve(text.size() + text.size() / longestRow);
    qsizetype lineStart = 0;
    for (const QChar c : text) {
        if (c == u'\n') {
            lineStart = result.size() + 1;
        } else if (result.size() - lineStart >= longestRow && !c.isLowSurrogate()) {
            result += u'\n';
            lineStart = result.size();
        }
        result += c;
    }
    return result;
}

} // namespace

DocumentView::DocumentView(QWidget *parent)
    : QPlainTextEdit(parent)
    , m_highlighter(new JsonHighlighter(this))
{
    setReadOnly(true);
    setFont(Theme::documentFont());
    setFrameShape(NoFrame);
    setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
}

void DocumentView::setDocument(const QByteArray &json)
{
    if (json == m_json)
        return;
    m_json = json;
    QString text = readable(json);
    if (text.size() > mostShown) {
        const QString note = tr("Cut here: it has %1 characters. A copy has them all.")
                                 .arg(QLocale().toString(text.size()));
        text = text.first(mostShown) + u"\n\u2026\n"_s + note;
    }
    m_highlighter->setDocument(text.size() > longestColored ? nullptr : document());
    setPlainText(withoutLongLines(text));
}

} // namespace EtcdRegistry
