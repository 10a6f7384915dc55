package import BusContract
import Logging
import ServiceKit
import ServiceLifecycle

extension BusConnection {
    /// Answers requests until the task is cancelled or the service stops gracefully; what runs then is finished.
    ///
    /// - Parameters:
    ///   - address: where they arrive; the type's own address when nil.
    ///   - capacity: requests handled at the same time.
    ///   - executor: where handlers run; the shared pool when nil. With `tasks`, a handler that mostly waits starts and
    ///     ends without waking another thread.
    ///   - handler: gives the reply, or throws `RequestFailure` for the caller; another error is logged, and the caller
    ///     learns only that there was one.
    package func serve<Request: BusRequest>(
        _ type: Request.Type,
        at address: RequestAddress? = nil,
        capacity: Int = 64,
        on executor: (any TaskExecutor)? = nil,
        _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Request.Reply
    ) async throws {
        try await serve(at: address ?? type.address, capacity: capacity, on: executor) { payload, context in
            let request = try Self.decode(type, payload)
            return (Request.Reply.typeName, try BusJSON.encode(try await handler(request, context)))
        }
    }

    /// Answers requests by their payloads' bytes: the handler gives the reply's type name and payload.
    package func serve(
        at address: RequestAddress,
        capacity: Int = 64,
        on executor: (any TaskExecutor)? = nil,
        _ handler: @escaping @Sendable ([UInt8], RequestContext) async throws -> (type: String, payload: [UInt8])
    ) async throws {
        let queue = WorkQueue(capacity: capacity)
        try await offer(address, capacity: capacity, .queue(queue))
        let sockets = self.sockets
        await withTaskCancellationOrGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for await _ in queue.shortages {
                    group.addTask(executorPreference: executor) {
                        while let request = await queue.next() {
                            sockets.submit(.reply(request.id, await self.handle(request, handler)))
                        }
                    }
                }
            }
        } onCancelOrGracefulShutdown: {
            sockets.submit(.leave(address.rawValue))
        }
    }

    /// Answers requests out of memory, on the socket thread: no change of threads lies between a request and its reply.
    ///
    /// - Parameters:
    ///   - address: where they arrive; the type's own address when nil.
    ///   - handler: as with `serve`, but at most some ten microseconds long and without waiting for anything: all other
    ///     events and requests of the process wait for it.
    package func answer<Request: BusRequest>(
        _ type: Request.Type,
        at address: RequestAddress? = nil,
        _ handler: @escaping @Sendable (Request, RequestContext) throws -> Request.Reply
    ) async throws {
        try await answer(at: address ?? type.address) { payload, context in
            let request = try Self.decode(type, payload)
            return (Request.Reply.typeName, try BusJSON.encode(try handler(request, context)))
        }
    }

    /// Answers requests out of memory by their payloads' bytes.
    package func answer(
        at address: RequestAddress,
        _ handler: @escaping @Sendable ([UInt8], RequestContext) throws -> (type: String, payload: [UInt8])
    ) async throws {
        let ended = Signal()
        // The capacity bounds only what is on its way at a time: a request is over before the next is looked at.
        try await offer(address, capacity: 256, .atOnce(ended) { self.handle($0, handler) })
        let sockets = self.sockets
        await withTaskCancellationOrGracefulShutdownHandler {
            await ended.wait()
        } onCancelOrGracefulShutdown: {
            sockets.submit(.leave(address.rawValue))
        }
    }

    private func offer(_ address: RequestAddress, capacity: Int, _ receiver: RequestReceiver) async throws {
        guard await sockets.serve(address.rawValue, capacity: capacity, receiver) else {
            throw BusError(.refused, "\(address.rawValue) is served by this process already")
        }
    }

    // MARK: One request

    private static func decode<Request: BusRequest>(_ type: Request.Type, _ payload: [UInt8]) throws -> Request {
        do {
            return try BusJSON.decode(type, from: payload)
        } catch {
            throw BusError(.malformed, "\(type.typeName) cannot be read: \(error)")
        }
    }

    private func handle(
        _ request: IncomingRequest,
        _ handler: @Sendable ([UInt8], RequestContext) async throws -> (type: String, payload: [UInt8])
    ) async -> WorkerTable.Reply {
        do {
            let (type, payload) = try await Trace.$current.withValue(request.context.trace?.traceID) {
                try await handler(request.payload, request.context)
            }
            return reply(to: request, type, payload)
        } catch {
            return failure(of: request, error)
        }
    }

    private func handle(
        _ request: IncomingRequest,
        _ handler: @Sendable ([UInt8], RequestContext) throws -> (type: String, payload: [UInt8])
    ) -> WorkerTable.Reply {
        do {
            let (type, payload) = try Trace.$current.withValue(request.context.trace?.traceID) {
                try handler(request.payload, request.context)
            }
            return reply(to: request, type, payload)
        } catch {
            return failure(of: request, error)
        }
    }

    private func reply(to request: IncomingRequest, _ type: String, _ payload: [UInt8]) -> WorkerTable.Reply {
        var header = Header()
        header.type = type
        header.source = source
        header.trace = request.context.trace
        var reply = WorkerTable.Reply()
        reply.header = header.encoded
        reply.payload = payload
        return reply
    }

    private func failure(of request: IncomingRequest, _ error: any Error) -> WorkerTable.Reply {
        switch error {
        case let failure as RequestFailure:
            return WorkerTable.Reply(.failed(code: failure.code), failure.message)
        case let error as BusError:
            return WorkerTable.Reply(error.code, error.message)
        default:
            logger.error(
                "a request failed",
                metadata: ["address": "\(request.context.address.rawValue)", "error": "\(error)"]
            )
            return WorkerTable.Reply(.failed(code: "internal"), "the worker failed")
        }
    }
}
