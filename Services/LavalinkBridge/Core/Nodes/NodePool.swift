package import DiscordModel
package import LavalinkModel

/// What the bridge knows of every node and of every bot's session there, and who should play where: pure.
///
/// A session belongs to one bot at one node. Load figures are the node's, whichever session brought them; players that
/// were assigned since the newest figures are added to them.
package struct NodePool: Sendable {
    /// The state of one bot's session at one node.
    package enum SessionState: Hashable, Sendable {
        /// This process has not heard from it yet; what an earlier process left there may still play.
        case starting
        /// Given up; players go elsewhere.
        case down
        /// `epoch` grows whenever the node has forgotten our players.
        case ready(LavalinkSessionID, epoch: Int)
        /// Lost a moment ago; a quick reconnect may bring it back with everything it had.
        case suspect(epoch: Int)
    }

    private struct Node: Sendable {
        var role: NodeRole
        var stats: NodeStats?
        var pending = 0
        var info: NodeInfo?
        /// Discord refused its encryption.
        var isUnfit = false
        var sessions: [BotID: SessionState] = [:]
        var lastEpoch = 0
    }

    private var nodes: [NodeName: Node] = [:]
    private var order: [NodeName] = []

    package init(_ configurations: [(name: NodeName, role: NodeRole)]) {
        for (name, role) in configurations where nodes[name] == nil {
            nodes[name] = Node(role: role)
            order.append(name)
        }
    }

    /// Every node, in the configuration's order.
    package var names: [NodeName] { order }

    /// Nodes that may play.
    package var workers: [NodeName] { order.filter { nodes[$0]?.role.contains(.worker) == true } }

    /// Nodes that may be asked, the least loaded of the ones that answer first; a node of which nothing is known stays
    /// in, for a search needs no session.
    package var searchers: [NodeName] {
        order.filter { nodes[$0]?.role.contains(.search) == true }
            .sorted { left, right in
                let leftUp = hasReadySession(left) || !isWorker(left)
                let rightUp = hasReadySession(right) || !isWorker(right)
                if leftUp != rightUp { return leftUp }
                return penalty(left) < penalty(right)
            }
    }

    package func session(of bot: BotID, at node: NodeName) -> SessionState {
        nodes[node]?.sessions[bot] ?? .starting
    }

    /// The session and its epoch when REST calls for the bot's players may go to that node.
    package func ready(_ bot: BotID, at node: NodeName) -> (session: LavalinkSessionID, epoch: Int)? {
        guard case .ready(let session, let epoch) = session(of: bot, at: node), nodes[node]?.isUnfit == false else {
            return nil
        }
        return (session, epoch)
    }

    /// Whether players at that node must look for another.
    package func isLost(_ bot: BotID, at node: NodeName) -> Bool {
        guard let known = nodes[node], !known.isUnfit else { return true }
        guard known.role.contains(.worker) else { return true }
        return known.sessions[bot] == .down
    }

    /// The node for one more player of that bot; nil when none is ready.
    ///
    /// - Parameter source: The track's source manager; a node that is known not to have it cannot decode the track.
    package func best(for bot: BotID, source: String = "", excluding: Set<NodeName> = []) -> NodeName? {
        workers
            .filter { ready(bot, at: $0) != nil && !excluding.contains($0) && canPlay($0, source) }
            .min { penalty($0) < penalty($1) }
    }

    private func canPlay(_ name: NodeName, _ source: String) -> Bool {
        guard !source.isEmpty, let managers = nodes[name]?.info?.sourceManagers, !managers.isEmpty else { return true }
        return managers.contains(source)
    }

    private func isWorker(_ name: NodeName) -> Bool {
        nodes[name]?.role.contains(.worker) == true
    }

    private func hasReadySession(_ name: NodeName) -> Bool {
        nodes[name]?.sessions.values.contains { if case .ready = $0 { true } else { false } } == true
    }

    private func penalty(_ name: NodeName) -> NodePenalty {
        NodePenalty(stats: nodes[name]?.stats, pending: nodes[name]?.pending ?? 0)
    }
}

// MARK: - Changes

extension NodePool {
    /// The session stands. A session that was not resumed starts with no players: a new epoch.
    package mutating func sessionReady(
        _ bot: BotID,
        at node: NodeName,
        session: LavalinkSessionID,
        resumed: Bool
    ) -> Int {
        guard nodes[node] != nil else { return 0 }
        let before = self.session(of: bot, at: node)
        let epoch: Int
        switch before {
        case .suspect(let old) where resumed: epoch = old
        case .ready(_, let old) where resumed: epoch = old
        default:
            let next = (nodes[node]?.lastEpoch ?? 0) + 1
            nodes[node]?.lastEpoch = next
            epoch = next
        }
        nodes[node]?.sessions[bot] = .ready(session, epoch: epoch)
        return epoch
    }

    /// The connection is gone; it may come back in a moment.
    package mutating func sessionSuspect(_ bot: BotID, at node: NodeName) {
        guard case .ready(_, let epoch) = session(of: bot, at: node) else { return }
        nodes[node]?.sessions[bot] = .suspect(epoch: epoch)
    }

    /// It did not come back.
    package mutating func sessionDown(_ bot: BotID, at node: NodeName) {
        nodes[node]?.sessions[bot] = .down
    }

    /// New figures; assignments before them are part of them.
    package mutating func stats(_ stats: NodeStats, of node: NodeName) {
        nodes[node]?.stats = stats
        nodes[node]?.pending = 0
    }

    /// A player was given to the node.
    package mutating func assigned(to node: NodeName) {
        nodes[node]?.pending += 1
    }

    package mutating func info(_ info: NodeInfo, of node: NodeName) {
        nodes[node]?.info = info
        if info.version.hasVoiceEncryption { nodes[node]?.isUnfit = false }
    }

    /// Discord refuses the node's encryption (4017): no player goes there until it is replaced.
    package mutating func unfit(_ node: NodeName) {
        nodes[node]?.isUnfit = true
    }

    package func version(of node: NodeName) -> String? {
        nodes[node]?.info?.version.semver
    }
}
