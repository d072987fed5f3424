// SPDX-License-Identifier: MIT
#pragma once

#include "nodemodel.h"

#include <QWidget>

namespace EtcdRegistry {

class Session;

/// The cluster's nodes and how each answers.
class NodesPanel : public QWidget
{
    Q_OBJECT
public:
    explicit NodesPanel(Session &session, QWidget *parent = nullptr);

Q_SIGNALS:
    void countChanged(int count);

private:
    void showNodes();

    Session &m_session;
    NodeModel m_model;
};

} // namespace EtcdRegistry
