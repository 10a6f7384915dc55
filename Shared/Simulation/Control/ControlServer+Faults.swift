import DiscordModel

/// Faults on demand: `{"target","kind","bot","count","ms","code","route","seed"}`.
///
/// Each double's kinds are the cases of ``RESTFaultKind``, ``GatewayFaultKind``, ``LavalinkFaultKind`` and
/// ``ModelFault/Kind``; what an order may say about them is in their ``FaultTraits``. Without `bot` a fault meets every
/// bot.
extension ControlServer {
    func addFault(_ body: JSONValue) async throws(DiscordError) -> JSONValue {
        let target = try Self.refusing { () throws(FaultRefused) in try FaultOrder.target(body) }
        var fields = body.objectValue ?? [:]
        // Older scripts order a resumable invalid session by a flag.
        if let resumable = fields.removeValue(forKey: "resumable")?.boolValue, resumable, target == .gateway {
            fields["kind"] = .string(GatewayFaultKind.resumableSession.rawValue)
        }
        let order = try discord.perform { state throws(DiscordError) in
            try Self.refusing { () throws(FaultRefused) in
                try FaultOrder(.object(fields)) { name in
                    state.world.findUser(name).flatMap { id in
                        guard let user = state.world.users[id], user.isBot else { return nil }
                        return FaultedBot(id: id, name: user.name)
                    }
                }
            }
        }
        return ["id": .string(try begin(order, of: target))]
    }

    private func begin(_ order: FaultOrder, of target: FaultTarget) throws(DiscordError) -> String {
        switch target {
        case .rest:
            return try discord.perform { state throws(DiscordError) in
                try Self.refusing { () throws(FaultRefused) in
                    if let route = order.route, !RESTRoutes.table.hasRoute(named: route) {
                        throw FaultRefused(
                            "route",
                            "\"\(route)\"",
                            expected: "a method, or a route such as POST /channels/{channel_id}/messages"
                        )
                    }
                    return try state.faults.add(order, at: state.world.now)
                }
            }
        case .gateway:
            var id = ""
            try discord.performGateway { state throws(DiscordError) in
                id = try Self.refusing { () throws(FaultRefused) in
                    try state.gateway.faults.add(order, at: state.world.now)
                }
                return state.gateway.pulse(world: &state.world)
            }
            return id
        case .lavalink, .llm:
            guard let double = discord.faultyNeighbours.first(where: { $0.faultTarget == target }) else {
                throw CommandLineParser.refuse("target: there is no \(target.rawValue) beside this Discord")
            }
            return try Self.refusing { () throws(FaultRefused) in try double.order(order) }
        }
    }

    private static func refusing<Result>(_ body: () throws(FaultRefused) -> Result) throws(DiscordError) -> Result {
        do throws(FaultRefused) {
            return try body()
        } catch {
            throw CommandLineParser.refuse(error.description)
        }
    }

    /// What is active, what has ended, and what there is.
    func faults(_ query: JSONValue) async throws(DiscordError) -> JSONValue {
        let neighbours = discord.faultyNeighbours
        var reports = try discord.perform { state throws(DiscordError) in
            let now = state.world.now
            return [state.faults.report(at: now), state.gateway.faults.report(at: now)]
        }
        reports += neighbours.map { $0.faultReport() }
        let kinds = FaultBook<RESTFaultKind>.catalogue + FaultBook<GatewayFaultKind>.catalogue
        return [
            "active": .array(reports.flatMap(\.active)), "past": .array(reports.flatMap(\.past)),
            "kinds": .array(kinds + neighbours.flatMap(\.faultCatalogue)),
        ]
    }

    /// Ends the fault of the query's `id`, or all.
    func endFaults(_ query: JSONValue) async throws(DiscordError) -> JSONValue {
        let neighbours = discord.faultyNeighbours
        let id = query["id"]?.stringValue
        let found = try discord.perform { state throws(DiscordError) in
            if let id { return state.faults.end(id) || state.gateway.faults.end(id) }
            state.faults.clear()
            state.gateway.faults.clear()
            return true
        }
        guard let id else {
            for neighbour in neighbours { neighbour.clearFaults() }
            return [:]
        }
        guard found || neighbours.contains(where: { $0.endFault(id) }) else {
            throw CommandLineParser.refuse("id: no fault \(id) is active")
        }
        return ["id": .string(id)]
    }
}
