// SPDX-License-Identifier: MIT
#include "scenariofile.h"

#include <QCoreApplication>
#include <QDir>
#include <QSaveFile>

namespace EtcdRegistry {

using namespace Qt::StringLiterals;

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(EtcdRegistry::ScenarioFile)
};

} // namespace

void chooseScenarioFile(QWidget *parent, QFileDialog::AcceptMode mode, const QString &path,
                        const std::function<void(const QString &path)> &chosen)
{
    const bool saves = mode == QFileDialog::AcceptSave;
    auto *dialog = new QFileDialog(parent, saves ? Text::tr("Save the scenario")
                                                 : Text::tr("Open a scenario"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(mode);
    dialog->setFileMode(saves ? QFileDialog::AnyFile : QFileDialog::ExistingFile);
    dialog->setNameFilters({Text::tr("Scenarios (*.json)"), Text::tr("All files (*)")});
    dialog->setDefaultSuffix(u"json"_s);
    if (saves || !path.isEmpty())
        dialog->selectFile(path.isEmpty() ? Text::tr("scenario.json") : path);
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, chosen);
    dialog->open();
}

QString writeScenarioFile(const QString &path, const QByteArray &text)
{
    QSaveFile file(path);
    if (file.open(QIODevice::WriteOnly)) {
        if (!QFile::exists(path)) // there are documents in it: who saves it says who may read it
            file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
        file.write(text);
        if (file.commit())
            return {};
    }
    return Text::tr("%1 can't be written: %2. Choose another file.")
        .arg(QDir::toNativeSeparators(path), file.errorString());
}

} // namespace EtcdRegistry
