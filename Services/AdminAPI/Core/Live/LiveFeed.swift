import Hummingbird
import NIOCore
import ServiceKit
import Synchronization

/// The live feed by server-sent events (WHATWG HTML, section 9.2): one event of the platform is one event here.
final class LiveFeed: Sendable {
    /// Readers at the same time; each has a subscription of its own.
    static let capacity = 50
    /// How often a quiet feed says that it lives, so that proxies keep it open and a reader that is gone is noticed.
    static let pulse = Duration.seconds(15)

    private let backend: any AdminBackend
    private let readers = Mutex(0)

    init(backend: any AdminBackend) {
        self.backend = backend
    }

    /// An open feed.
    /// - Throws: 503 when there are too many.
    func open() throws -> Response {
        let isFull = readers.withLock { readers in
            guard readers < Self.capacity else { return true }
            readers += 1
            return false
        }
        guard !isFull else { throw APIError.unavailable("too many readers of the live feed") }
        let lease = Lease(self)
        return Response(
            status: .ok,
            headers: [
                .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
                .xContentTypeOptions: "nosniff",
            ],
            body: .init { [backend] writer in
                try await Self.write(backend, to: &writer)
                try await writer.finish(nil)
                withExtendedLifetime(lease) {}
            }
        )
    }

    /// Text of one event: the data has no line breaks of its own, as JSON in one line.
    static func text(_ event: LiveEvent) -> String {
        "event: \(event.name)\ndata: \(event.data)\n\n"
    }

    @concurrent
    private static func write(_ backend: any AdminBackend, to writer: inout any ResponseBodyWriter) async throws {
        let (events, source) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(256))
        try await writer.write(ByteBuffer(string: ": connected\n\n"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { source.finish() }
                try await backend.follow { source.yield(text($0)) }
            }
            group.addTask {
                while true {
                    try await Task.sleep(for: pulse)
                    source.yield(": alive\n\n")
                }
            }
            for await text in events {
                try await writer.write(ByteBuffer(string: text))
            }
            group.cancelAll()
        }
    }

    /// Counts a reader until the feed is closed, however that happens.
    private final class Lease: Sendable {
        private let feed: LiveFeed

        init(_ feed: LiveFeed) {
            self.feed = feed
        }

        deinit {
            feed.readers.withLock { $0 -= 1 }
        }
    }
}

extension Endpoint {
    /// `GET /api/live`
    static func live(_ feed: LiveFeed) -> Endpoint {
        Endpoint(
            method: .get,
            path: "/api/live",
            scope: .read,
            name: "followLive",
            summary: "What happens, as it happens, by server-sent events.",
            // The schema is that of one event.
            answer: Schema.object(["event": .required(Schema.text), "data": .required(Schema.text)]),
            mediaType: "text/event-stream"
        ) { _ in
            try feed.open()
        }
    }
}
