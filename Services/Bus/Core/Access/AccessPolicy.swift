package import BusContract
import Glibc
import ServiceKit

/// Who may log in, publish, ask and serve: the contract's lists, in the form in which they are asked for each message.
package struct AccessPolicy: Sendable {
    /// A prefix of topics and the one service that may publish under it.
    package struct TopicRule: Sendable {
        let prefix: [UInt8]
        /// With a closing zero, as the log-in's name comes from libzmq.
        let publisher: [UInt8]

        package init(prefix: String, publisher: ServiceRole) {
            self.prefix = Array(prefix.utf8)
            self.publisher = Array(publisher.rawValue.utf8) + [0]
        }
    }

    /// A rule as places in `ruleBytes`: to look through these costs no reference counting.
    private struct PlacedRule {
        let prefix: Range<Int>
        let publisher: Int
    }

    private let topics: [TopicRule]
    private let ruleBytes: [UInt8]
    private let placedRules: [PlacedRule]
    private let servers: [String: Set<ServiceRole>]
    /// By address; what is not listed everybody may ask.
    private let callers: [String: Set<ServiceRole>]
    private let roles: Set<ServiceRole>

    package init(
        topics: [TopicRule],
        servers: [String: Set<ServiceRole>],
        callers: [String: Set<ServiceRole>] = [:],
        roles: Set<ServiceRole>
    ) {
        self.topics = topics
        self.servers = servers
        self.callers = callers
        self.roles = roles
        var bytes: [UInt8] = []
        placedRules = topics.map { rule in
            let start = bytes.count
            bytes += rule.prefix + rule.publisher
            return PlacedRule(prefix: start..<start + rule.prefix.count, publisher: start + rule.prefix.count)
        }
        ruleBytes = bytes
    }

    /// What the message catalogue says: Discord's events and HEAD come from the gateway alone.
    package static let contract: Self = {
        var topics = [
            TopicRule(prefix: "discord.", publisher: .gateway),
            TopicRule(prefix: "head.", publisher: .gateway),
        ]
        for event in MessageCatalogue.events {
            topics.append(TopicRule(prefix: event.topic.rawValue, publisher: event.publisher))
        }
        var servers: [String: Set<ServiceRole>] = [:]
        var callers: [String: Set<ServiceRole>] = [:]
        for request in MessageCatalogue.requests {
            servers[request.address.rawValue] = request.servers
            callers[request.address.rawValue] = request.callers
        }
        let roles = ServiceName.allCases.map { ServiceRole(rawValue: $0.rawValue) }
        for role in roles {
            servers[RequestAddress.commands(of: role).rawValue] = [role]
            servers[RequestAddress.jobs(of: role).rawValue] = [role]
            callers[RequestAddress.commands(of: role).rawValue] = HandleInteraction.callers
            callers[RequestAddress.jobs(of: role).rawValue] = RunJob.callers
        }
        return Self(topics: topics, servers: servers, callers: callers, roles: Set(roles))
    }()

    /// The same with more topics and addresses: for tests and benchmarks.
    package func adding(topics more: [TopicRule], servers moreServers: [String: Set<ServiceRole>]) -> Self {
        Self(
            topics: topics + more,
            servers: servers.merging(moreServers) { _, new in new },
            callers: callers,
            roles: roles.union(moreServers.values.joined())
        )
    }

    /// Whether the log-in may publish on the topic. Runs for every event.
    func mayPublish(_ topic: UnsafeRawBufferPointer, user: UnsafePointer<CChar>?) -> Bool {
        guard let user, let topicStart = topic.baseAddress else { return false }
        return ruleBytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            for rule in placedRules where topic.count >= rule.prefix.count {
                guard memcmp(topicStart, start + rule.prefix.lowerBound, rule.prefix.count) == 0 else { continue }
                return strcmp(user, (start + rule.publisher).assumingMemoryBound(to: CChar.self)) == 0
            }
            return false
        }
    }

    /// Runs for every request.
    package func mayAsk(_ address: String, user: String) -> Bool {
        if let callers = callers[address] { return callers.contains(ServiceRole(rawValue: user)) }
        // What others may not ask they may not ask by the way that gateways have among each other either.
        let isOfGateways = Self.type(ofShardAddress: address) != nil || commands(ofInstanceAddress: address) != nil
        return !isOfGateways || user == ServiceRole.gateway.rawValue
    }

    package func mayServe(_ address: String, role: ServiceRole) -> Bool {
        if let allowed = servers[address] { return allowed.contains(role) }
        let common = Self.type(ofShardAddress: address) ?? commands(ofInstanceAddress: address)
        return common.flatMap { servers[$0]?.contains(role) } ?? false
    }

    /// The common address of the commands that this is one instance's address of; nil if it is none.
    private func commands(ofInstanceAddress address: String) -> String? {
        guard let common = RequestAddress(rawValue: address).withoutInstance,
            roles.contains(where: { RequestAddress.commands(of: $0) == common })
        else { return nil }
        return common.rawValue
    }

    /// The request type whose address for one shard this is; nil if it is none.
    private static func type(ofShardAddress address: String) -> String? {
        guard address.utf8.contains(UInt8(ascii: "/")), let mark = address.firstRange(of: RequestAddress.shardMark),
            Int(address[mark.upperBound...]) != nil
        else { return nil }
        return String(address[..<mark.lowerBound])
    }

    /// Whether a service of that name exists at all.
    package func knows(_ role: ServiceRole) -> Bool {
        roles.contains(role)
    }
}
