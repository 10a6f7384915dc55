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

    /// The instances of a service that may answer, the better ones first: one of a later tier only while every one before
    /// is away. No tier is empty; within one, who has least to do comes first.
    package func candidates(
        for work: Work,
        of service: ServiceRole,
        among live: [LiveInstance]
    ) -> [[LiveInstance]] {
        let able = live.filter { $0.service == service && $0.isReady && $0.profile.accepts(work) }
        let tiers =
            plan.flatMap { $0.concerns(service) ? $0.tiers(of: $0.route(of: work), among: able) : nil } ?? [able]
        return tiers.filter { !$0.isEmpty }.map { tier in tier.sorted { ($0.load, $0.id) < ($1.load, $1.id) } }
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
