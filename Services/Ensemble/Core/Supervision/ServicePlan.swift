package import ServiceKit

/// How `up` runs one service: when, and with which of the operator's variables.
package struct ServicePlan: Sendable {
    /// Stops come in the opposite order of these.
    package enum Tier: Int, Comparable, Sendable {
        case database, infrastructure, gateway, services

        package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// Which service.
    package let service: ServiceName
    /// When it stops: services first, the database last.
    package let tier: Tier
    /// The variables that it may see beside those that every service gets. An entry that ends in `*` allows a prefix.
    package let variables: [String]
    /// Whether it is given a connection to the database.
    package let usesDatabase: Bool

    /// Variables that every service may see: none of them is a secret.
    package static let common = [
        "INSTANCE_ID", "INSTANCE_TYPE", "ENABLED_COMMANDS", "ENABLED_CHANNELS", "ENABLED_GUILDS", "ROUTING_FILE",
        "LOG_LEVEL", "HTTP_HOST", "DATABASE_CONNECTIONS", "DEFAULT_TIMEZONE", "TZ",
        "LANG",
        "LC_ALL", "PATH", "HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "MALLOC_ARENA_MAX", "SWIFT_BACKTRACE",
        "LD_LIBRARY_PATH",
    ]

    /// Every executable that `up` starts, in the order of starting. Bot tokens reach the gateway alone, keys of language
    /// models the persona service alone.
    package static let all: [ServicePlan] = [
        ServicePlan(service: .bus, tier: .infrastructure, variables: ["BUS_*"], usesDatabase: false),
        ServicePlan(service: .playground, tier: .infrastructure, variables: ["PLAYGROUND_*"], usesDatabase: false),
        ServicePlan(
            service: .gateway,
            tier: .gateway,
            variables: ["DISCORD_*", "GATEWAY_*", "IS_PRIMARY"],
            usesDatabase: true
        ),
        ServicePlan(service: .moderation, tier: .services, variables: ["MODERATION_*"], usesDatabase: true),
        ServicePlan(
            service: .persona,
            tier: .services,
            variables: [
                "PERSONA_*", "OPENAI_*", "ANTHROPIC_*", "GROQ_*", "OPENROUTER_*", "OLLAMA_*", "STABILITY_*",
                "MINIMAX_*",
            ],
            usesDatabase: true
        ),
        ServicePlan(service: .music, tier: .services, variables: ["MUSIC_*"], usesDatabase: true),
        ServicePlan(
            service: .lavalinkBridge,
            tier: .services,
            variables: ["LAVALINK_*", "WORKER_*", "MUSIC_LINK_HOSTS"],
            usesDatabase: true
        ),
        ServicePlan(service: .scheduler, tier: .services, variables: ["SCHEDULER_*"], usesDatabase: true),
        ServicePlan(service: .community, tier: .services, variables: ["COMMUNITY_*"], usesDatabase: true),
        ServicePlan(service: .adminAPI, tier: .services, variables: ["API_*", "ADMIN_API_*"], usesDatabase: true),
    ]

    /// The operator's variables that this service may see.
    ///
    /// - Parameter named: variables that a configuration file names for this service, such as a bot's token.
    package func allowed(from environment: [String: String], named: Set<String> = []) -> [String: String] {
        environment.filter { key, _ in
            named.contains(key)
                || (Self.common + variables).contains { pattern in
                    pattern.hasSuffix("*") ? key.hasPrefix(pattern.dropLast()) : key == pattern
                }
        }
    }
}
