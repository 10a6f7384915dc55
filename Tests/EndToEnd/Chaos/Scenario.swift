/// One way in which things go wrong while members chat, swear, listen and use commands.
///
/// Add one to the family that it belongs to in `Scenarios/`, or a family of its own to ``all``.
struct Scenario: Sendable {
    enum Length: Sendable {
        /// Also in the short run of `make test`.
        case short
        /// In `make chaos` alone.
        case long
    }

    let name: String
    let length: Length
    let run: @Sendable (inout Stage) async throws -> Void

    init(
        _ name: String,
        _ length: Length = .short,
        run: @escaping @Sendable (inout Stage) async throws -> Void
    ) {
        self.name = name
        self.length = length
        self.run = run
    }

    /// All that go wrong in one stack, one after the other. What needs a stack of its own is a test of its own:
    /// `Scenarios/Disk.swift`, `Scenarios/Network.swift`.
    static let all = sessions + rest + voice + models + freezes + crashes + failpoints + clocks + deploys
}
