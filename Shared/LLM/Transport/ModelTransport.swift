package import AsyncHTTPClient
import FoundationEssentials
package import Logging
import NIOCore
import NIOHTTP1
import Synchronization

/// Sends requests to model providers and reads their event streams, with a deadline on every wait.
package struct ModelTransport: Sendable {
    private let client: HTTPClient
    private let limits: StreamLimits
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameter client: Made with `ModelTransport.configuration`; its owner shuts it down.
    package init(
        client: HTTPClient,
        limits: StreamLimits = StreamLimits(),
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.client = client
        self.limits = limits
        self.clock = clock
        self.logger = logger
    }

    /// How the HTTP client of a transport has to be set up.
    ///
    /// Redirects are not followed (the key would go with them), a failed connection is reported at once instead of
    /// being retried behind our back, and connections are as many as there are answers at a time.
    package static func configuration(
        limits: StreamLimits = StreamLimits(),
        connections: Int = 64
    )
        -> HTTPClient.Configuration
    {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .nanoseconds(limits.connect.inNanoseconds))
        )
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        return configuration
    }

    /// Sends the request and lends the decoded answer to `body`; the connection is closed when `body` returns.
    func withEvents<Result: Sendable>(
        of request: HTTPClientRequest,
        decoder: some ChatStreamDecoder,
        _ body: (ChatStream) async throws -> Result
    ) async throws -> Result {
        let (events, continuation) = AsyncStream.makeStream(of: Swift.Result<ChatEvent, LanguageModelError>.self)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await pump(request, decoder, into: continuation)
            }
            defer { group.cancelAll() }
            return try await body(ChatStream(events))
        }
    }

    private func pump(
        _ request: HTTPClientRequest,
        _ decoder: some ChatStreamDecoder,
        into continuation: AsyncStream<Swift.Result<ChatEvent, LanguageModelError>>.Continuation
    ) async {
        let timer = PhaseTimer(limits: limits, clock: clock)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await timer.run() }
                group.addTask { try await read(request, decoder, timer, into: continuation) }
                defer { group.cancelAll() }
                try await group.next()
            }
        } catch {
            let failure = describe(error, host: URL(string: request.url)?.host() ?? "the provider")
            logger.debug("model stream failed", metadata: ["cause": "\(failure)"])
            continuation.yield(.failure(failure))
        }
        continuation.finish()
    }

    private func read(
        _ request: HTTPClientRequest,
        _ initial: some ChatStreamDecoder,
        _ timer: PhaseTimer,
        into continuation: AsyncStream<Swift.Result<ChatEvent, LanguageModelError>>.Continuation
    ) async throws {
        var decoder = initial
        /// Hands events on; true once the answer is complete or nobody listens any more.
        func give(_ events: [ChatEvent]) -> Bool {
            guard !events.isEmpty else { return false }
            timer.receivedToken()
            for event in events {
                if case .terminated = continuation.yield(.success(event)) { return true }
                if case .finished = event { return true }
            }
            return false
        }
        let deadline = NIODeadline.now() + .nanoseconds((limits.connect + limits.firstToken).inNanoseconds)
        let response = try await client.execute(request, deadline: deadline, logger: logger)
        guard response.status == .ok else {
            throw ProviderFailure.error(
                status: Int(response.status.code),
                body: await beginning(of: response.body),
                retryAfter: response.headers.first(name: "retry-after"),
                retryAfterMilliseconds: response.headers.first(name: "retry-after-ms")
            )
        }
        let type = response.headers.first(name: "content-type") ?? ""
        if type.contains("json") {
            _ = give(try decoder.decode(whole: try await whole(response.body, timer)))
            return
        }
        // A missing type is let pass: small servers forget it.
        guard type.isEmpty || type.hasPrefix("text/event-stream") else {
            throw LanguageModelError(
                .badResponse,
                "the address answers with \(type.prefix(60)) instead of an event stream: is the base URL right?"
            )
        }
        var parser = ServerSentEventParser()
        var bytes = 0
        for try await chunk in response.body {
            timer.receivedBytes()
            bytes += chunk.readableBytes
            guard bytes <= limits.maximumBytes else { throw tooLarge }
            for event in try parser.feed(chunk.readableBytesView) {
                if give(try decoder.decode(event)) { return }
            }
        }
        if let event = parser.end(), give(try decoder.decode(event)) { return }
        _ = give(try decoder.end())
    }

    /// The first bytes of an error answer; a broken connection leaves what there is.
    private func beginning(of body: HTTPClientResponse.Body) async -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            for try await chunk in body {
                bytes.append(contentsOf: chunk.readableBytesView.prefix(16_384 - bytes.count))
                if bytes.count >= 16_384 { break }
            }
        } catch {
            logger.debug("error answer cut off", metadata: ["cause": "\(error)"])
        }
        return bytes
    }

    private func whole(_ body: HTTPClientResponse.Body, _ timer: PhaseTimer) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await chunk in body {
            timer.receivedBytes()
            guard bytes.count + chunk.readableBytes <= limits.maximumBytes else { throw tooLarge }
            bytes.append(contentsOf: chunk.readableBytesView)
        }
        return bytes
    }

    private var tooLarge: LanguageModelError {
        LanguageModelError(.badResponse, "the answer is larger than \(limits.maximumBytes) bytes")
    }

    /// The error of ours for whatever the HTTP client threw.
    private func describe(_ error: any Error, host: String) -> LanguageModelError {
        switch error {
        case let error as LanguageModelError:
            error
        case is CancellationError:
            LanguageModelError(.cancelled, "the answer was abandoned before its end")
        case let error as HTTPClientError where error == .cancelled:
            LanguageModelError(.cancelled, "the answer was abandoned before its end")
        case let error as HTTPClientError where error == .connectTimeout:
            LanguageModelError(.timeout, "no connection to \(host) within \(limits.connect)")
        case let error as HTTPClientError where error == .deadlineExceeded:
            LanguageModelError(.timeout, "\(host) did not begin to answer within \(limits.firstToken)")
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            LanguageModelError(.connection, "\(host) closed the connection")
        default:
            LanguageModelError(
                .connection,
                "the connection to \(host) failed: \(String(describing: error).prefix(200))"
            )
        }
    }
}

/// The clock beside a stream: sleeps until the watch expires, however often that moves.
private final class PhaseTimer: Sendable {
    private let watch: Mutex<StreamWatch>
    private let idle: Duration
    private let elapsed: @Sendable () -> Duration
    private let sleep: @Sendable (_ until: Duration) async throws -> Void

    init(limits: StreamLimits, clock: some Clock<Duration>) {
        watch = Mutex(StreamWatch(limits))
        idle = limits.idle
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        sleep = { try await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
    }

    func receivedBytes() {
        let now = elapsed()
        watch.withLock { $0.receivedBytes(at: now) }
    }

    func receivedToken() {
        let now = elapsed()
        watch.withLock { $0.receivedToken(at: now) }
    }

    /// Returns never, except by throwing the error of the deadline that passed.
    func run() async throws {
        while true {
            let now = elapsed()
            if let error = watch.withLock({ $0.error(at: now) }) { throw error }
            // The first token replaces its deadline by the idle one, which may be earlier: never sleep past that.
            try await sleep(min(watch.withLock { $0.expiry }, now + idle))
        }
    }
}

extension Duration {
    /// Whole nanoseconds, saturating.
    var inNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product + attoseconds / 1_000_000_000
    }
}
