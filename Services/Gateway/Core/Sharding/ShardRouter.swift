import BusContract
import Logging
import MessageBus
import Postgres

/// Takes requests to the process that runs their shard.
///
/// A service asks the gateway, not one of its processes: whichever gets the request answers it if it runs the shard, and
/// otherwise asks at the shard's own address, which only the process that runs it serves. With all shards in one process
/// nothing is passed on.
struct ShardRouter: Sendable {
    /// What is left for the way back.
    private static let margin: Duration = .milliseconds(30)

    let sharding: Sharding
    let bus: BusConnection
    let database: PostgresClient

    /// Whether to answer here.
    ///
    /// While the database is away nobody can take a shard: a process that has none yet answers what it knows, which is why.
    func isHere(_ shard: Int) -> Bool {
        sharding.holds(shard) || (sharding.plan.own.contains(shard) && !database.status.isReachable)
    }

    func ask<Request: BusRequest>(
        _ request: Request,
        at shard: Int,
        _ context: RequestContext
    ) async throws -> Request.Reply {
        do {
            return try await bus.request(
                request,
                to: Request.address(ofShard: shard),
                timeout: max(context.remaining - Self.margin, .milliseconds(1)),
                key: context.key.isEmpty ? nil : context.key,
                trace: context.trace
            )
        } catch {
            throw BusError(error.code, "the gateway that runs shard \(shard): \(error.message)")
        }
    }
}

/// A request type that the gateway serves, at its own address and at those of the shards that the process runs.
struct ShardedRequest: Sendable {
    /// Serves the type's own address until cancelled.
    let serve: @Sendable (ShardRouter) async throws -> Void
    /// Serves the address of a shard until cancelled.
    let serveShard: @Sendable (ShardRouter, Int) async throws -> Void

    /// A request about a guild: for the shard that has it.
    init<Request: GuildRequest>(
        _ type: Request.Type,
        _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Request.Reply
    ) {
        self.init(type, capacity: 64, on: nil, of: { $1.shard(of: $0.guild) }, handler)
    }

    /// A request for always the same shard.
    ///
    /// - Parameters:
    ///   - capacity: requests handled at the same time.
    ///   - executor: where handlers run; the shared pool when nil.
    init<Request: BusRequest>(
        _ type: Request.Type,
        onShard shard: Int,
        capacity: Int,
        on executor: (any TaskExecutor)?,
        _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Request.Reply
    ) {
        self.init(type, capacity: capacity, on: executor, of: { _, _ in shard }, handler)
    }

    /// A request that any gateway can carry out: the others follow it in the database.
    init<Request: BusRequest>(
        anywhere type: Request.Type,
        _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Request.Reply
    ) {
        serve = { try await $0.bus.serve(type, handler) }
        serveShard = { _, _ in }
    }

    private init<Request: BusRequest>(
        _ type: Request.Type,
        capacity: Int,
        on executor: (any TaskExecutor)?,
        of shard: @escaping @Sendable (Request, ShardPlan) -> Int,
        _ handler: @escaping @Sendable (Request, RequestContext) async throws -> Request.Reply
    ) {
        serve = { router in
            try await router.bus.serve(type, capacity: capacity, on: executor) { request, context in
                let shard = shard(request, router.sharding.plan)
                if router.isHere(shard) { return try await handler(request, context) }
                return try await router.ask(request, at: shard, context)
            }
        }
        serveShard = { router, shard in
            try await router.bus.serve(
                type,
                at: type.address(ofShard: shard),
                capacity: capacity,
                on: executor,
                handler
            )
        }
    }

    /// A request that concerns all shards.
    ///
    /// - Parameters:
    ///   - handler: the part of the answer for some of the process's shards.
    ///   - merge: the answer from its parts, of which there is at least one, and from the shards that have not answered.
    init<Request: BusRequest>(
        all type: Request.Type,
        _ handler: @escaping @Sendable (Request, Set<Int>) async throws -> Request.Reply,
        merge: @escaping @Sendable (_ parts: [Request.Reply], _ silent: [Int]) throws -> Request.Reply
    ) {
        serve = { router in
            try await router.bus.serve(type) { request, context in
                let shards = 0..<router.sharding.plan.count
                let here = Set(shards.filter(router.isHere))
                if here.count == shards.count { return try await handler(request, here) }
                return try await withThrowingTaskGroup(of: (Int, Request.Reply?).self) { group in
                    for shard in shards where !here.contains(shard) {
                        group.addTask { (shard, try? await router.ask(request, at: shard, context)) }
                    }
                    var parts = here.isEmpty ? [] : [try await handler(request, here)]
                    var silent: [Int] = []
                    for try await (shard, part) in group {
                        if let part { parts.append(part) } else { silent.append(shard) }
                    }
                    // What is not held anywhere is known here at least as far as why.
                    if parts.isEmpty { parts = [try await handler(request, Set(router.sharding.plan.own))] }
                    return try merge(parts, silent.sorted())
                }
            }
        }
        serveShard = { router, shard in
            try await router.bus.serve(type, at: type.address(ofShard: shard)) { request, _ in
                try await handler(request, [shard])
            }
        }
    }
}
