package import BusContract

/// Who may answer a piece of work: the plan, if there is one, and what instances take. Pure.
package struct RoutingRules: Sendable {
    package let plan: RoutingPlan?

    package init(plan: RoutingPlan?) {
        self.plan = plan
    }

    /// Whether it makes a difference which instance of the service answers; if not, any may be asked.
    package func matter(to service: ServiceRole, among live: [LiveInstance]) -> Bool {
        plan?.concerns(service) == true || live.contains { $0.service == service && $0.profile.isRestricted }
    }

    /// Whether what a channel is called makes a difference; if not, nobody need ask for it.
    package func dependOnNames(of service: ServiceRole, among live: [LiveInstance]) -> Bool {
        if let plan, plan.concerns(service), case .function = plan.strategy { return true }
        return live.contains { $0.service == service && !$0.profile.channels.isEmpty }
    }

    /// The instances of a service that may answer, the better ones first: one of a later tier only while every one before
    /// is away. No tier is empty; within one, who has least to do comes first.
    ///
    /// - Parameter lot: decides between those that are about equally busy, so that they share: a number that differs from
    ///   one piece of work to the next. What they told of their load is some seconds old.
    package func candidates(
        for work: Work,
        of service: ServiceRole,
        among live: [LiveInstance],
        lot: UInt64 = 0
    ) -> [[LiveInstance]] {
        let able = live.filter { $0.service == service && $0.isReady && $0.profile.accepts(work) }
        let tiers =
            plan.flatMap { $0.concerns(service) ? $0.tiers(of: $0.route(of: work), among: able) : nil } ?? [able]
        return tiers.filter { !$0.isEmpty }.map { Self.order($0, lot) }
    }

    private static func order(_ tier: [LiveInstance], _ lot: UInt64) -> [LiveInstance] {
        // Ids of Discord count milliseconds above bits that hardly change: multiplied by a large odd number, the upper half
        // depends on all of them.
        let start = Int((lot &* 0x9E37_79B9_7F4A_7C15) >> 32) % tier.count
        let byName = tier.sorted { $0.id < $1.id }
        let ranked = byName.indices.map { (instance: byName[$0], rank: ($0 - start + byName.count) % byName.count) }
        return ranked.sorted { ($0.instance.tenths, $0.rank) < ($1.instance.tenths, $1.rank) }.map(\.instance)
    }

    /// Whether an instance may take the work now: it stands in the first tier. What is told about it by others does not
    /// count, it knows itself.
    package func mayTake(_ work: Work, _ instance: LiveInstance, among live: [LiveInstance]) -> Bool {
        let all = live.filter { $0.service != instance.service || $0.id != instance.id } + [instance]
        return candidates(for: work, of: instance.service, among: all).first?.contains { $0.id == instance.id } ?? false
    }

    /// Whether the instance would take the work only in others' stead.
    package func standsIn(_ instance: LiveInstance, for work: Work) -> Bool {
        guard let plan, plan.concerns(instance.service) else { return false }
        return plan.tiers(of: plan.route(of: work), among: [instance]).first?.isEmpty ?? true
    }

    /// The routes that an instance serves now, its own limits aside.
    package func routes(of instance: LiveInstance, among live: [LiveInstance]) -> [RouteName] {
        guard let plan, plan.concerns(instance.service) else { return [] }
        let able = live.filter { $0.service == instance.service && $0.isReady }
        return plan.routes.filter { route in
            plan.tiers(of: route, among: able).first { !$0.isEmpty }?.contains { $0.id == instance.id } ?? false
        }
    }
}
