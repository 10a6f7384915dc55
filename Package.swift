// swift-tools-version: 6.2
import PackageDescription

// MARK: - Settings that every target of ours gets

let swiftSettings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    // SE-0335: write `any` for existential types.
    .enableUpcomingFeature("ExistentialAny"),
    // SE-0444: a member is visible only where its module is imported.
    .enableUpcomingFeature("MemberImportVisibility"),
    // SE-0409: an import leaks into our API only when it says so.
    .enableUpcomingFeature("InternalImportsByDefault"),
    // SE-0461: a nonisolated async function runs on its caller's executor.
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    // SE-0470: conformances take the isolation of their type.
    .enableUpcomingFeature("InferIsolatedConformances"),
    // SE-0481: `weak let`.
    .enableUpcomingFeature("ImmutableWeakCaptures"),
]

// MARK: - Products of other packages, by the name that we use

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket: Target.Dependency = .product(name: "NIOWebSocket", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1: Target.Dependency = .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let asyncAlgorithms: Target.Dependency = .product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let orderedCollections: Target.Dependency = .product(name: "OrderedCollections", package: "swift-collections")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let toml: Target.Dependency = .product(name: "TOMLKit", package: "TOMLKit")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

// MARK: - Shapes of our targets

/// A service's texts in every language, compiled in: a process needs no files beside it to speak.
let texts: [Resource] = ["en", "uk", "ru", "ko", "zh-TW"].map { .embedInCode("Texts/\($0).json") }

/// A library under `Shared/`.
func shared(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: "Shared/\(name)", resources: resources)
}

/// A service: all of its logic in a library, and an executable of one statement.
func service(
    _ folder: String,
    executable: String,
    _ dependencies: [Target.Dependency],
    resources: [Resource]? = nil
) -> [Target] {
    [
        .target(
            name: "\(folder)Core",
            dependencies: dependencies,
            path: "Services/\(folder)/Core",
            resources: resources
        ),
        .executableTarget(
            name: executable,
            dependencies: [.target(name: "\(folder)Core"), .target(name: "ServiceHost")],
            path: "Services/\(folder)/Main"
        ),
    ]
}

/// A test target under `Tests/`; all of them may use `TestSupport`.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport"], path: "Tests/\(name)", exclude: exclude)
}

// MARK: - Layer 0: C declarations, each imported by one Swift target

let declarations: [Target] = [
    .systemLibrary(name: "CZeroMQ", path: "Shared/CZeroMQ", providers: [.apt(["libzmq3-dev"])]),
    .systemLibrary(name: "CPostgres", path: "Shared/CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CZlib", path: "Shared/CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", path: "Shared/CZstd", providers: [.apt(["libzstd-dev"])]),
    // glibc's own header, which its module in Swift leaves out.
    .systemLibrary(name: "CMalloc", path: "Shared/CMalloc"),
]

// MARK: - Layer 1: leaves

let leaves: [Target] = [
    shared("DiscordModel", []),
    // The contract speaks of guilds, members and bots by their typed ids.
    shared("BusContract", ["DiscordModel"]),
    // Guilds and channels by their typed ids.
    shared("LavalinkModel", ["DiscordModel"]),
    shared("ZeroMQ", ["CZeroMQ", logging]),
    shared("Postgres", ["CPostgres", logging, serviceLifecycle, deque]),
    // Runs a PostgreSQL of our own on this machine: for `ensemble up` and for tests, never in a service.
    shared("LocalPostgres", []),
    shared("Compression", ["CZlib", "CZstd"]),
    shared("WebSocketClient", [nio, nioPosix, nioWebSocket, nioSSL, crypto, logging]),
    shared(
        "ServiceKit",
        [
            "CMalloc", logging, serviceLifecycle, unixSignals, hummingbird, nio, yams, toml, deque,
        ]
    ),
]

// MARK: - Layer 2: capabilities

let capabilities: [Target] = [
    shared(
        "MessageBus",
        ["BusContract", "DiscordModel", "ZeroMQ", "ServiceKit", logging, serviceLifecycle, deque, heap]
    ),
    shared(
        "Store",
        ["BusContract", "DiscordModel", "Postgres", "ServiceKit", logging, crypto],
    ),
    // Durable consumption: the one place where the bus and the store meet.
    shared(
        "DurableEvents",
        [
            "MessageBus", "BusContract", "DiscordModel", "Postgres", "ServiceKit", logging, serviceLifecycle, crypto,
            deque,
        ]
    ),
    shared("DiscordREST", ["DiscordModel", "ServiceKit", httpClient, nio, logging, deque]),
    shared(
        "CommandKit",
        ["BusContract", "DiscordModel", "MessageBus", "ServiceKit", logging, serviceLifecycle, unixSignals],
        resources: texts
    ),
    shared("LLM", ["ServiceKit", httpClient, nio, nioHTTP1, logging]),
    // Which instance answers: the plan, and what it is decided from.
    shared(
        "Routing",
        ["BusContract", "DiscordModel", "MessageBus", "Postgres", "Store", "ServiceKit", logging, serviceLifecycle]
    ),
    // What each service process starts with: configuration, bus, database, health.
    shared(
        "ServiceHost",
        [
            "ServiceKit", "MessageBus", "Store", "DurableEvents", "Postgres", "CommandKit", "BusContract", "Routing",
            logging, serviceLifecycle,
        ]
    ),
]

let capabilityNames: [Target.Dependency] = [
    "BusContract", "DiscordModel", "ServiceKit", "MessageBus", "Store", "DurableEvents", "Postgres", "CommandKit",
    "ServiceHost", logging, serviceLifecycle,
]

// MARK: - Layer 3: services

let services: [Target] =
    service(
        "Bus",
        executable: "bus",
        ["BusContract", "ZeroMQ", "MessageBus", "ServiceKit", "ServiceHost", logging, serviceLifecycle, deque]
    )
    + service(
        "Gateway",
        executable: "gateway",
        capabilityNames + [
            "Routing", "Compression", "WebSocketClient", "DiscordREST", httpClient, hummingbird, httpTypes, nio,
            nioPosix, deque,
            crypto, yams,
        ]
    )
    + service("Music", executable: "music", capabilityNames + ["LavalinkModel", deque], resources: texts)
    + service(
        "LavalinkBridge",
        executable: "lavalink-bridge",
        capabilityNames + ["LavalinkModel", "WebSocketClient", httpClient, nio, nioPosix, yams]
    )
    + service("Persona", executable: "persona", capabilityNames + ["LLM", "Routing", httpClient], resources: texts)
    + service("Moderation", executable: "moderation", capabilityNames + [yams], resources: texts)
    + service("Scheduler", executable: "scheduler", capabilityNames, resources: texts)
    + service("Community", executable: "community", capabilityNames, resources: texts)
    + service(
        "AdminAPI",
        executable: "admin-api",
        capabilityNames + ["Routing", hummingbird, httpTypes, httpClient, nio, crypto],
        resources: [.embedInCode("Page/index.html")]
    )
    + service(
        "Playground",
        executable: "playground",
        ["Simulation", "DiscordModel", "ServiceKit", logging, serviceLifecycle, nio]
    )
    + service(
        "Ensemble",
        executable: "ensemble",
        [
            "BusContract", "DiscordModel", "ServiceKit", "MessageBus", "ZeroMQ", "Store", "Postgres", "LocalPostgres",
            "Routing", logging, unixSignals, argumentParser, httpClient, nio, nioHTTP1, crypto,
        ]
    )

// MARK: - Doubles: named only by the playground and by tests

let doubles: [Target] = [
    shared(
        "Simulation",
        [
            "DiscordModel", "LavalinkModel", "Compression", "ServiceKit", hummingbird, hummingbirdCore, httpClient, nio,
            nioPosix, nioHTTP1, httpTypes, nioHTTPTypes, nioHTTPTypesHTTP1, nioWebSocket, logging, serviceLifecycle,
            deque,
            orderedCollections, crypto,
        ],
        resources: [.copy("Page")]
    )
]

// MARK: - Benchmarks: our side, beside peers of other people's making

let benchmarks: [Target] = [
    .executableTarget(
        name: "bench-bus",
        dependencies: [
            "MessageBus", "BusContract", "DiscordModel", "ServiceKit", logging, serviceLifecycle, unixSignals,
        ],
        path: "Tests/Benchmarks/bus/Program"
    ),
    .executableTarget(
        name: "bench-events",
        dependencies: ["BusContract", "DiscordModel", "DurableEvents", "ServiceHost", "ServiceKit"],
        path: "Tests/Benchmarks/events/Program"
    ),
]

// MARK: - Tests

let testTargets: [Target] = [
    .target(
        name: "TestSupport",
        dependencies: [
            "Postgres", "LocalPostgres", "Store", "MessageBus", "ServiceKit", "Simulation", "BusCore", "ZeroMQ",
            logging,
            subprocess, systemPackage, nio, nioPosix,
        ],
        path: "Tests/TestSupport"
    ),
    tests("DiscordModelTests", ["DiscordModel"]),
    tests("LavalinkModelTests", ["LavalinkModel", "DiscordModel"]),
    tests("ZeroMQTests", ["ZeroMQ"]),
    tests("PostgresTests", ["Postgres", "LocalPostgres", logging]),
    tests("CompressionTests", ["Compression"]),
    tests("WebSocketClientTests", ["WebSocketClient", "Simulation", nio, nioPosix, crypto]),
    tests("ServiceKitTests", ["ServiceKit", hummingbird, hummingbirdTesting, logging]),
    tests("StoreTests", ["Store", "Postgres", "BusContract", "DiscordModel", "ServiceKit"]),
    tests(
        "MessageBusTests",
        ["MessageBus", "BusCore", "BusContract", "DiscordModel", "ServiceKit", "ZeroMQ", logging]
    ),
    tests(
        "DurableEventsTests",
        [
            "DurableEvents", "MessageBus", "Store", "BusCore", "Postgres", "BusContract", "DiscordModel", "ServiceKit",
            logging,
        ]
    ),
    tests(
        "DiscordRESTTests",
        ["DiscordREST", "DiscordModel", "ServiceKit", httpClient, nio, nioPosix, nioHTTP1, logging]
    ),
    tests("CommandKitTests", ["CommandKit", "BusContract", "DiscordModel", "MessageBus", "ServiceKit", logging]),
    tests(
        "RoutingTests",
        ["Routing", "BusContract", "DiscordModel", "MessageBus", "Postgres", "Store", "ServiceKit", logging]
    ),
    tests("LLMTests", ["LLM", "Simulation", "ServiceKit", httpClient, nio, nioPosix, logging]),
    tests("ServiceHostTests", ["ServiceHost", "Store"]),
    tests(
        "GatewayTests",
        [
            "GatewayCore", "DiscordModel", "DiscordREST", "Compression", "WebSocketClient", "Simulation", "BusContract",
            "MessageBus", "BusCore", "Routing",
            "Store", "Postgres", "DurableEvents", "ServiceKit", "ServiceHost", serviceLifecycle, logging, nio, nioHTTP1,
            httpClient, crypto,
        ]
    ),
    tests(
        "MusicTests",
        [
            "MusicCore", "LavalinkBridgeCore", "LavalinkModel", "BusContract", "DiscordModel", "CommandKit",
            "DurableEvents",
            "MessageBus", "Postgres", "Store", "ServiceKit", "ServiceHost", "Simulation", logging, serviceLifecycle,
        ]
    ),
    tests(
        "PersonaTests",
        [
            "PersonaCore", "LLM", "Simulation", "CommandKit", "DiscordModel", "BusContract", "MessageBus",
            "DurableEvents",
            "Postgres", "Routing", "Store", "ServiceKit", "ServiceHost", httpClient, logging, serviceLifecycle,
        ]
    ),
    tests("ModerationTests", ["ModerationCore"]),
    tests("SchedulerTests", ["SchedulerCore"]),
    tests("CommunityTests", ["CommunityCore"]),
    tests(
        "AdminAPITests",
        [
            "AdminAPICore", "BusContract", "DiscordModel", "Postgres", "Routing", "Store", hummingbird,
            hummingbirdTesting,
            httpTypes, nio, logging,
        ]
    ),
    tests("EnsembleTests", ["EnsembleCore", "MessageBus", "ServiceKit", "ZeroMQ", logging]),
    tests("SimulationTests", ["Simulation", "DiscordModel", hummingbird, nio, nioPosix, nioHTTP1]),
    // protos/, golden messages and the Codable types agree both ways.
    tests("Contract", ["BusContract", "DiscordModel", "MessageBus"]),
    // The whole package: layers, imports, catalogues.
    tests("Architecture", [subprocess, systemPackage]),
    // Clients that nobody here wrote, against the doubles.
    tests(
        "Conformance",
        ["Simulation", "ServiceKit", "playground", subprocess, systemPackage],
        exclude: ["openapi-exemptions.yaml"]
    ),
    // The built executables as child processes, from gateway socket to REST call.
    tests("EndToEnd", ["MessageBus", "Postgres", "Simulation", httpClient, nio, nioHTTP1, logging]),
]

let package = Package(
    name: "ensemble",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
    ],
    targets: declarations + leaves + capabilities + services + doubles + benchmarks + testTargets
)

for target in package.targets where target.type != .system {
    target.swiftSettings = swiftSettings
}
