// swift-tools-version: 6.2
import PackageDescription

// The programs of `make fuzz`: a package of its own, because everything in it is compiled with libFuzzer's instruments,
// and because it needs little of what the whole needs. `Shared` and `Services` are links to the real sources.

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")

/// A module whole, as the main package has it.
func whole(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Shared/\(name)")
}

/// Some files of a module whose others need many packages, under the module's name.
func part(_ name: String, of folder: String, _ sources: [String], _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: folder, sources: sources)
}

/// A program that libFuzzer drives, with the inputs that it begins with in `corpus`.
func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: "Fuzz\(name)",
        dependencies: dependencies + ["FuzzSupport"],
        path: name,
        exclude: ["corpus"]
    )
}

let package = Package(
    name: "ensemble-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    ],
    targets: [
        .systemLibrary(name: "CZlib", path: "Shared/CZlib"),
        .systemLibrary(name: "CZstd", path: "Shared/CZstd"),
        whole("DiscordModel"),
        whole("BusContract", ["DiscordModel"]),
        whole("Compression", ["CZlib", "CZstd"]),
        part(
            "MessageBus",
            of: "Shared/MessageBus/Requests",
            ["Envelope.swift", "Envelope+Coding.swift", "RequestID.swift"],
            ["BusContract"]
        ),
        part("LLM", of: "Shared/LLM", ["ServerSentEvents", "LanguageModelError.swift"]),
        part(
            "WebSocketClient",
            of: "Shared/WebSocketClient",
            ["FrameDecoder.swift", "WebSocketMessage.swift", "WebSocketError.swift"],
            [nio]
        ),
        part(
            "DiscordREST",
            of: "Shared/DiscordREST/Limits",
            ["BucketKey.swift", "LimitReport+Headers.swift", "RateLimits.swift"],
            ["DiscordModel", nioHTTP1]
        ),
        part(
            "ServiceKit",
            of: "Shared/ServiceKit",
            [
                "Configuration/ConfigurationError.swift", "Configuration/DurationText.swift",
                "Configuration/EnvironmentReference.swift", "Configuration/Secret.swift",
                "Configuration/Settings.swift", "Identity",
            ]
        ),
        part(
            "GatewayCore",
            of: "Services/Gateway/Core",
            [
                "Facts/GuildEntry.swift", "Facts/GuildPacking.swift", "Facts/GuildState.swift",
                "Interactions/Endpoint/InteractionAdmission.swift", "Interactions/Endpoint/InteractionKey.swift",
            ],
            ["DiscordModel", crypto, deque]
        ),
        part("EnsembleCore", of: "Services/Ensemble/Core/Installation", ["DotEnv.swift"], ["ServiceKit"]),
        .target(name: "FuzzSupport", path: "Support"),
        fuzzer("Frames", ["DiscordModel"]),
        fuzzer("Messages", ["DiscordModel"]),
        fuzzer("Calls", ["BusContract"]),
        fuzzer("Headers", ["BusContract", "MessageBus"]),
        fuzzer("Batches", ["BusContract"]),
        fuzzer("Streams", ["Compression"]),
        fuzzer("Sockets", ["WebSocketClient", nio]),
        fuzzer("EventStreams", ["LLM"]),
        fuzzer("Limits", ["DiscordREST", nioHTTP1]),
        fuzzer("Signatures", ["GatewayCore", "DiscordModel", crypto]),
        fuzzer("Guilds", ["GatewayCore", "DiscordModel"]),
        fuzzer("Settings", ["EnsembleCore", "ServiceKit"]),
    ]
)

for target in package.targets where target.type != .system {
    // Those of the main package that change what its sources mean.
    target.swiftSettings = [
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .enableUpcomingFeature("ImmutableWeakCaptures"),
    ]
}
