import BusContract
import DiscordModel
import Logging
import MessageBus

/// The way of an interaction to the service, or to the instance of it that is to answer.
extension InteractionDesk {
    /// How long nobody takes an interaction before it is looked anew who is there.
    private static let lookInterval: Duration = .milliseconds(200)

    /// Asks the service that owns the interaction: whichever instance has room, or, where it matters, those whose turn it is
    /// one after the other.
    ///
    /// - Parameter timeout: for the whole of it.
    func ask(
        _ request: HandleInteraction,
        _ service: ServiceRole,
        _ timeout: Duration,
        canDefer: Bool
    ) async -> Event {
        let start = ContinuousClock.now
        let common = RequestAddress.commands(of: service)
        guard await routing.matters(to: service) else {
            do {
                return .replied(try await hand(request, to: common, timeout - start.duration(to: .now)))
            } catch {
                report(error, request, service)
                return .failed(.unavailable)
            }
        }
        var handover = Handover(canDefer: canDefer)
        let command = command(of: request)
        while !Task.isCancelled {
            let candidates = await routing.candidates(for: request, command: command, of: service)
            let elapsed = start.duration(to: .now)
            switch handover.next(candidates, elapsed: elapsed) {
            case .ask(let instance):
                do {
                    return .replied(try await hand(request, to: common.ofInstance(instance), timeout - elapsed))
                } catch {
                    report(error, request, service, instance)
                    guard handover.failed(instance, error.code) else { return .failed(.unavailable) }
                }
            case .lookAgain:
                try? await Task.sleep(for: Self.lookInterval)
            case .giveUp(let isAnybodyThere):
                logger.warning(
                    "no instance takes an interaction",
                    metadata: [
                        "service": "\(service.rawValue)", "command": "\(request.name)",
                        "guild": "\(request.guild?.description ?? "")",
                        "channel": "\(request.channel?.description ?? "")",
                    ]
                )
                return .failed(isAnybodyThere ? .unavailable : .unserved)
            }
        }
        return .failed(.unavailable)
    }

    private func hand(
        _ request: HandleInteraction,
        to address: RequestAddress,
        _ timeout: Duration
    ) async throws(BusError) -> InteractionReply {
        logger.debug(
            "an interaction is handed over",
            metadata: ["interaction": "\(request.interaction)", "address": "\(address.rawValue)"]
        )
        return try await bus.request(request, to: address, timeout: timeout, key: "interaction:\(request.interaction)")
    }

    /// The slash command that it is about. The custom id of a component begins with the name of its command and a colon.
    private func command(of request: HandleInteraction) -> String? {
        let isCommand = request.kind == .command || request.kind == .autocomplete
        let name = String(request.name.prefix { $0 != (isCommand ? " " : ":") })
        return isCommand || manifests.definitions[name] != nil ? name : nil
    }

    private func report(
        _ error: BusError,
        _ request: HandleInteraction,
        _ service: ServiceRole,
        _ instance: String? = nil
    ) {
        guard !Task.isCancelled else { return }
        logger.warning(
            "a service did not answer an interaction",
            metadata: [
                "service": "\(instance.map { "\(service.rawValue)-\($0)" } ?? service.rawValue)",
                "command": "\(request.name)", "error": "\(error)",
            ]
        )
    }
}
