// SPDX-License-Identifier: MIT
#include "pipeline.h"

#include "log.h"

#include <QPointer>
#include <QSslSocket>
#include <QStringBuilder>
#include <QTcpSocket>

#include <algorithm>
#include <deque>
#include <vector>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace EtcdRegistry {

/// To wake for each answer would cost more than the answer.
constexpr auto together = 10ms;
constexpr auto shortestRest = 1000ms;
constexpr auto longestRest = 64000ms;

namespace {

struct Answer
{
    HttpReply reply;
    qsizetype size = 0; ///< with its head; 0: more of it has to come
};

bool isName(QByteArrayView name, QByteArrayView other)
{
    return name.compare(other, Qt::CaseInsensitive) == 0;
}

/// The one that these bytes begin with; nothing where that is not to be understood.
std::optional<Answer> firstAnswer(QByteArrayView bytes)
{
    constexpr QByteArrayView protocol("HTTP/1.1 ");
    constexpr QByteArrayView lineEnd("\r\n");
    const qsizetype headEnd = bytes.first(std::min(bytes.size(), Pipeline::longestHead))
                                  .indexOf(QByteArrayView("\r\n\r\n"));
    if (headEnd < 0)
        return bytes.size() < Pipeline::longestHead ? std::optional(Answer()) : std::nullopt;
    if (!bytes.startsWith(protocol))
        return {};

    Answer answer;
    answer.reply.status = bytes.sliced(protocol.size(), 3).toInt();
    std::optional<qsizetype> length;
    QByteArrayView lines = bytes.first(headEnd + lineEnd.size());
    while (!lines.isEmpty()) {
        const qsizetype end = lines.indexOf(lineEnd);
        const QByteArrayView line = lines.first(end);
        lines = lines.sliced(end + lineEnd.size());
        const qsizetype colon = line.indexOf(':');
        if (colon < 0)
            continue;
        const QByteArrayView name = line.first(colon);
        const QByteArrayView value = line.sliced(colon + 1).trimmed();
        if (isName(name, "Content-Length")) {
            bool isNumber;
            const qsizetype number = value.toLongLong(&isNumber);
            if (length || !isNumber || number < 0 || number > Pipeline::longestBody)
                return {};
            length = number;
        } else if (isName(name, "Transfer-Encoding")) {
            return {};
        } else if (isName(name, "X-Etcd-Index")) {
            answer.reply.etcdIndex = value.toByteArray();
        } else if (isName(name, "X-Etcd-Cluster-Id")) {
            answer.reply.clusterId = value.toByteArray().toULongLong(nullptr, 16);
        }
    }
    if (answer.reply.status < 200 || !length)
        return {};
    const qsizetype bodyAt = headEnd + 2 * lineEnd.size();
    if (bytes.size() < bodyAt + *length)
        return Answer();
    answer.reply.body = bytes.sliced(bodyAt, *length).toByteArray();
    answer.size = bodyAt + *length;
    return answer;
}

} // namespace

struct Pipeline::Lane
{
    struct Request
    {
        Done done;
        QDeadlineTimer until;
    };
    struct Ended
    {
        Done done;
        std::optional<HttpReply> reply;
    };

    QTcpSocket *socket;
    bool wasOpen = false;
    bool isReadable = false;
    QByteArray toWrite;
    QByteArray read; ///< and not yet a whole answer
    std::deque<Request> underWay;

    bool isOpen() const
    {
        const auto *tls = qobject_cast<const QSslSocket *>(socket);
        return tls ? tls->isEncrypted() : socket->state() == QAbstractSocket::ConnectedState;
    }

    /// False where this is its end.
    bool work(const QUrl &endpoint, std::vector<Ended> &ended)
    {
        if (isOpen() && !std::exchange(wasOpen, true))
            socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
        if (!toWrite.isEmpty())
            socket->write(toWrite);
        toWrite.resize(0);
        char bytes[16 * 1024];
        qint64 count;
        do {
            count = isReadable ? socket->read(bytes, sizeof bytes) : 0;
            read.append(bytes, std::max<qint64>(count, 0));
        } while (count == sizeof bytes && read.size() < longestHead + longestBody);
        isReadable = count == sizeof bytes;

        qsizetype at = 0;
        while (at < read.size()) {
            std::optional<Answer> answer = firstAnswer(QByteArrayView(read).sliced(at));
            if (!answer || underWay.empty())
                return false;
            if (answer->size == 0)
                break;
            at += answer->size;
            answer->reply.endpoint = endpoint;
            answer->reply.received = BootClock::now();
            ended.push_back({std::move(underWay.front().done), std::move(answer->reply)});
            underWay.pop_front();
        }
        read.remove(0, at);
        return count >= 0 && socket->state() != QAbstractSocket::UnconnectedState
               && std::ranges::none_of(
                   underWay, [](const Request &request) { return request.until.hasExpired(); });
    }
};

Pipeline::Pipeline(const QUrl &endpoint, const std::optional<QSslConfiguration> &tls)
    : m_endpoint(endpoint)
    , m_host(endpoint.authority(QUrl::FullyEncoded).toLatin1())
    , m_tls(tls)
    , m_nextRest(shortestRest)
{
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &Pipeline::work);
}

Pipeline::~Pipeline() = default;

/// One with room.
std::list<Pipeline::Lane>::iterator Pipeline::lane()
{
    return std::ranges::find_if(m_lanes, [](const Lane &each) {
        return each.isOpen() && each.underWay.size() < requestsOnEach;
    });
}

bool Pipeline::makeRoom()
{
    if (!m_rest.hasExpired())
        return false;
    const bool hasRoom = lane() != m_lanes.end();
    const bool isOpening = !m_lanes.empty() && !m_lanes.back().isOpen();
    if (!hasRoom && !isOpening && m_lanes.size() < connections)
        open();
    return hasRoom;
}

void Pipeline::send(const HttpRequest &request, const QByteArray &authorization,
                    std::chrono::milliseconds timeout, Done done)
{
    const auto lane = this->lane();
    lane->underWay.push_back({std::move(done), QDeadlineTimer(timeout, Qt::PreciseTimer)});
    lane->toWrite +=
        request.method % ' ' % request.path % " HTTP/1.1\r\nHost: " % m_host
        % "\r\nAccept: application/json\r\nAccept-Encoding: identity\r\nContent-Type: "
        % request.contentType % "\r\nContent-Length: " % QByteArray::number(request.body.size())
        % (authorization.isEmpty() ? "" : "\r\nAuthorization: ") % authorization
        % (request.header.isEmpty() ? "" : "\r\n") % request.header % "\r\n\r\n" % request.body;
    workSoon();
}

void Pipeline::open()
{
    const QString host = m_endpoint.host();
    QTcpSocket *socket;
    if (m_endpoint.scheme() == "https"_L1) {
        auto *tls = new QSslSocket(this);
        if (m_tls)
            tls->setSslConfiguration(*m_tls);
        tls->connectToHostEncrypted(host, quint16(m_endpoint.port(443)));
        socket = tls;
    } else {
        // With a buffer of its own it would read whenever anything comes.
        socket = new QTcpSocket(this);
        socket->connectToHost(host, quint16(m_endpoint.port(80)),
                              QIODevice::ReadWrite | QIODevice::Unbuffered);
    }
    Lane &lane = m_lanes.emplace_back(Lane{socket});
    connect(socket, &QTcpSocket::stateChanged, this, &Pipeline::workSoon);
    connect(socket, &QTcpSocket::readyRead, this, [this, &lane] {
        lane.isReadable = true;
        workSoon();
    });
    workSoon(); // it may have failed by now
}

void Pipeline::workSoon()
{
    if (!m_timer.isActive())
        m_timer.start(0ms);
}

void Pipeline::work()
{
    std::vector<Lane::Ended> ended;
    bool isBusy = false;
    for (auto lane = m_lanes.begin(); lane != m_lanes.end();) {
        const size_t before = ended.size();
        const bool goesOn = lane->work(m_endpoint, ended);
        if (ended.size() > before)
            m_nextRest = shortestRest;
        if (goesOn) {
            isBusy |= !lane->underWay.empty();
            ++lane;
            continue;
        }
        if (!lane->wasOpen || !lane->underWay.empty()) {
            qCInfo(logTransport) << "a pipeline to" << m_endpoint
                                 << "broke:" << lane->socket->errorString();
            m_rest.setRemainingTime(m_nextRest);
            m_nextRest = std::min<std::chrono::milliseconds>(2 * m_nextRest, longestRest);
        }
        for (Lane::Request &request : lane->underWay)
            ended.push_back({std::move(request.done), {}});
        lane->socket->disconnect(this);
        lane->socket->abort();
        lane->socket->deleteLater();
        lane = m_lanes.erase(lane);
    }
    if (isBusy)
        m_timer.start(together);
    const QPointer self(this);
    for (Lane::Ended &each : ended) {
        if (!self) // whoever got an answer may end us all
            return;
        each.done(std::move(each.reply));
    }
}

} // namespace EtcdRegistry
