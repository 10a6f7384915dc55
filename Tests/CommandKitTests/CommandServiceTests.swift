import BusContract
import DiscordModel
import Logging
import MessageBus
import ServiceKit
import TestSupport
import Testing

@testable import CommandKit

/// Where an instance is reached on a real switchboard.
@Suite("Serving commands", .timeLimit(.minutes(1)))
struct CommandServiceTests {
    private static let common = RequestAddress.commands(of: .moderation)
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func withService(
        isRestricted: Bool,
        _ body: @escaping @Sendable (BusConnection, BusConnection, HealthRegistry) async throws -> Void
    ) async throws {
        try await withTestBus { bus in
            try await bus.withConnection(.gateway) { gateway in
                try await bus.withConnection(.moderation) { worker in
                    let health = HealthRegistry()
                    let service = CommandService(
                        router: CommandRouter(commands: [], texts: CommandKitTexts.catalogue, logger: Self.logger),
                        role: .moderation,
                        bus: worker,
                        isRestricted: isRestricted,
                        health: health,
                        logger: Self.logger
                    )
                    try await withBackground {
                        try await service.run()
                    } body: {
                        try await body(gateway, worker, health)
                    }
                }
            }
        }
    }

    private func ask(_ address: RequestAddress, _ gateway: BusConnection, _ timeout: Duration) async throws {
        let request = HandleInteraction(
            bot: try #require(BotID(rawValue: "iris")),
            interaction: InteractionID(1),
            kind: .command,
            name: "nothing",
            guild: nil,
            channel: nil,
            member: InteractionMember(user: UserID(1), name: "bob", displayName: "Bob"),
            locale: "en-US",
            receivedAt: 0
        )
        _ = try await gateway.request(request, to: address, timeout: timeout)
    }

    /// Waits until the instance is there, at its own address.
    private func waitUntilServed(_ gateway: BusConnection) async throws {
        try await eventually("the instance answers") {
            (try? await self.ask(Self.common.ofInstance("1"), gateway, .seconds(2))) != nil
        }
    }

    @Test("An instance that takes everything is at the service's address and at its own")
    func free() async throws {
        try await withService(isRestricted: false) { gateway, _, health in
            try await waitUntilServed(gateway)
            try await ask(Self.common, gateway, .seconds(10))
            #expect(health.load == 0)
        }
    }

    @Test("One that does not is only at its own: nothing else can reach it")
    func restricted() async throws {
        try await withService(isRestricted: true) { gateway, _, _ in
            try await waitUntilServed(gateway)
            let error = await #expect(throws: BusError.self) { try await ask(Self.common, gateway, .milliseconds(300)) }
            #expect(error?.code == .noWorker)
            // Another instance's address is nobody's: known at once, not after the time that was given.
            let other = await #expect(throws: BusError.self) {
                try await ask(Self.common.ofInstance("2"), gateway, .seconds(60))
            }
            #expect(other?.code == .noWorker)
        }
    }
}
