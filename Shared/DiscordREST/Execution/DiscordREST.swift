// Discord's REST API, within its limits.
//
// `BotREST` sends one bot's calls: it owns the bot's token, its buckets and its queues. `RateLimiter` (in `Limits/`)
// decides, as a value without clock or network, when a call may leave; `RequestRoute` (in `Requests/`) says which limits a
// path falls under. One HTTP client and one `InvalidRequestGuard` serve all bots of a process. A new kind of route needs
// nothing here unless its limits depend on something that `RequestRoute` does not read.

package import AsyncHTTPClient
internal import DiscordModel
internal import FoundationEssentials
package import Logging
internal import NIOCore
internal import NIOHTTP1
package import ServiceKit
import Synchronization

/// One bot's way to Discord's REST API.
package final class BotREST: Sendable {
    private let configuration: RESTConfiguration
    private let token: Secret
    private let http: HTTPClient
    private let invalidRequests: InvalidRequestGuard
    private let queue: PermitQueue
    private let metrics: RESTMetrics
    private let logger: Logger
    private let isUnauthorized = Mutex(false)
    private let onUnauthorized: @Sendable () -> Void

    /// - Parameters:
    ///   - token: the bot's token, without `Bot `.
    ///   - onUnauthorized: called once, when Discord has answered 401: the token is wrong or was reset.
    package init(
        configuration: RESTConfiguration,
        token: Secret,
        http: HTTPClient,
        invalidRequests: InvalidRequestGuard,
        metrics: RESTMetrics,
        logger: Logger,
        onUnauthorized: @escaping @Sendable () -> Void = {}
    ) {
        self.configuration = configuration
        self.token = token
        self.http = http
        self.invalidRequests = invalidRequests
        self.metrics = metrics
        self.logger = logger
        self.onUnauthorized = onUnauthorized
        queue = PermitQueue(limits: configuration.limits, loop: http.eventLoopGroup.next())
    }

    /// Requests that wait for a permit, by lane from first to last.
    package var waiting: [Int] { queue.waiting }

    /// Whether Discord has refused the bot's token.
    package var isRefused: Bool { isUnauthorized.withLock { $0 } }

    /// Sends a call when the limits allow it and gives Discord's answer of status 2xx.
    ///
    /// - Throws: `DiscordRESTError` for every other outcome, `CancellationError` if the caller gave up before it left.
    package func execute(_ request: DiscordRequest) async throws -> DiscordResponse {
        let route = try RequestRoute(method: request.method.rawValue, path: request.path)
        let deadline = ContinuousClock.now + request.timeout
        let id = queue.newID()
        var backoff = Backoff(base: .milliseconds(200), cap: .seconds(5))
        var hasWaited = false
        while true {
            if !route.isExempt, isUnauthorized.withLock({ $0 }) {
                throw DiscordRESTError(code: .unauthorized, status: 401, message: "Discord has refused the bot's token")
            }
            guard !invalidRequests.isExhausted else {
                throw DiscordRESTError(code: .suspended, message: "too many refused requests; sending is suspended")
            }
            try await queue.permit(id, route: route, request: request, deadline: deadline, first: hasWaited)
            hasWaited = true
            let attempt = await send(request, route: route, deadline: deadline)
            queue.completed(id, attempt.report)
            metrics.count(attempt, lane: request.lane)
            switch verdict(on: attempt, of: request, route: route) {
            case .done(let response):
                return response
            case .failed(let error):
                throw error
            case .againWhenPermitted:
                continue
            case .againAfterPause(let error):
                let pause = backoff.next()
                guard backoff.attempts <= configuration.maximumRetries, ContinuousClock.now + pause < deadline else {
                    throw error
                }
                try await Task.sleep(for: pause)
            }
        }
    }

    // MARK: - One attempt

    private func send(
        _ request: DiscordRequest,
        route: RequestRoute,
        deadline: ContinuousClock.Instant
    ) async -> Attempt {
        let start = ContinuousClock.now
        var outgoing = HTTPClientRequest(url: url(of: request))
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        outgoing.headers.add(name: "User-Agent", value: configuration.userAgent)
        if !route.isExempt { outgoing.headers.add(name: "Authorization", value: "Bot \(token.reveal())") }
        if let reason = request.auditReason, !reason.isEmpty {
            outgoing.headers.add(name: "X-Audit-Log-Reason", value: String(reason.prefix(512)).percentEncoded)
        }
        switch request.body {
        case .none:
            // A body-less POST or PUT still needs its length.
            if request.method == .post || request.method == .put || request.method == .patch {
                outgoing.headers.add(name: "Content-Length", value: "0")
            }
        case .json(let json):
            outgoing.headers.add(name: "Content-Type", value: "application/json")
            outgoing.body = .bytes(ByteBuffer(bytes: json))
        case .multipart(let json, let files):
            let body = MultipartBody(json: json, files: files, boundary: MultipartBody.randomBoundary())
            outgoing.headers.add(name: "Content-Type", value: body.contentType)
            outgoing.body = .bytes(ByteBuffer(bytes: body.bytes))
        }
        let left = min(configuration.requestTimeout, deadline - start)
        do {
            let response = try await http.execute(
                outgoing,
                deadline: .now() + .nanoseconds(max(left.nanoseconds, 1)),
                logger: nil
            )
            let body = try await body(of: response, within: max(left - (.now - start), .milliseconds(100)))
            return Attempt(
                outcome: .answered(Int(response.status.code), Array(body.readableBytesView)),
                report: LimitReport(response.headers, status: Int(response.status.code), body: body.readableBytesView),
                duration: ContinuousClock.now - start
            )
        } catch {
            return Attempt(
                outcome: error.happenedBeforeSending ? .unsent("\(error)") : .lost("\(error)"),
                report: .absent,
                duration: ContinuousClock.now - start
            )
        }
    }

    /// The client's own deadline ends with the answer's head: a body that does not come has this one.
    private func body(of response: HTTPClientResponse, within limit: Duration) async throws -> ByteBuffer {
        let maximum = configuration.maximumBody
        // A timer costs as much as the rest of the way back, and what has no body has nothing to wait for.
        if response.status == .noContent { return try await response.body.collect(upTo: maximum) }
        return try await withDeadline(limit) { try await response.body.collect(upTo: maximum) }
    }

    private func url(of request: DiscordRequest) -> String {
        var url = configuration.baseURL + request.path
        for (index, item) in request.query.enumerated() {
            url += (index == 0 ? "?" : "&") + item.name.percentEncoded + "=" + item.value.percentEncoded
        }
        return url
    }

    // MARK: - What an attempt means

    private enum Verdict {
        case done(DiscordResponse)
        case failed(DiscordRESTError)
        case againWhenPermitted
        /// Unless the retries are used up: then this error.
        case againAfterPause(DiscordRESTError)
    }

    private func verdict(on attempt: Attempt, of request: DiscordRequest, route: RequestRoute) -> Verdict {
        switch attempt.outcome {
        case .unsent(let reason):
            return .againAfterPause(DiscordRESTError(code: .unreachable, message: reason))
        case .lost(let reason):
            let error = DiscordRESTError(code: .outcomeUnknown, message: reason)
            return request.safety == .never ? .failed(error) : .againAfterPause(error)
        case .answered(let status, let body):
            switch status {
            case 200..<300:
                return .done(DiscordResponse(status: status, body: body))
            case 429:
                if attempt.report.rejection?.scope != .shared { invalidRequests.note() }
                logger.warning(
                    "Discord limited a request",
                    metadata: [
                        "route": "\(route.template)", "retryAfter": "\(attempt.report.rejection?.retryAfter ?? .zero)",
                    ]
                )
                return .againWhenPermitted
            case 500...:
                let error = DiscordRESTError(
                    code: request.safety == .never ? .outcomeUnknown : .refused,
                    status: status,
                    message: "Discord had a fault",
                    body: body
                )
                return request.safety == .never ? .failed(error) : .againAfterPause(error)
            case 401 where !route.isExempt:
                invalidRequests.note()
                stop()
                return .failed(
                    DiscordRESTError(code: .unauthorized, status: 401, message: "Discord has refused the bot's token")
                )
            default:
                if status == 401 || status == 403 { invalidRequests.note() }
                let parsed = try? JSONDecoder().decode(RESTErrorBody.self, from: Data(body))
                return .failed(
                    DiscordRESTError(
                        code: .refused,
                        status: status,
                        discordCode: parsed?.code ?? 0,
                        message: parsed?.message ?? "Discord answered with status \(status)",
                        body: body
                    )
                )
            }
        }
    }

    /// The token is dead: whatever waits will not be sent.
    private func stop() {
        let isFirst = isUnauthorized.withLock { stopped in
            defer { stopped = true }
            return !stopped
        }
        guard isFirst else { return }
        queue.failAll(
            DiscordRESTError(code: .unauthorized, status: 401, message: "Discord has refused the bot's token")
        )
        onUnauthorized()
    }
}
