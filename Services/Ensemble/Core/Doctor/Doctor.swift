import FoundationEssentials
import LocalPostgres
import MessageBus
import Routing
import ServiceKit

#if canImport(Glibc)
import Glibc
#endif

/// Looks at a machine and a configuration, and says what is missing and how to get it. It changes nothing.
package struct Doctor: Sendable {
    private let installation: Installation

    /// Prepares an examination.
    package init(installation: Installation) {
        self.installation = installation
    }

    /// Everything that was looked at, in the order of need.
    package func examine() -> [Finding] {
        programs() + packages() + [database()] + configuration() + routing() + bus() + tokens() + ports()
    }

    private func programs() -> [Finding] {
        let missing = ServicePlan.all.map(\.service.rawValue).filter {
            access("\(installation.programs)/\($0)", X_OK) != 0
        }
        guard missing.isEmpty else {
            return [.bad("not built: \(missing.joined(separator: ", "))", "make build")]
        }
        return [.good("all \(ServicePlan.all.count) services are built in \(installation.programs)")]
    }

    private func packages() -> [Finding] {
        let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib", "/usr/local/lib"]
        let libraries = [
            ("libzmq.so.5", "libzmq3-dev"), ("libpq.so.5", "libpq-dev"), ("libz.so.1", "zlib1g-dev"),
            ("libzstd.so.1", "libzstd-dev"),
        ]
        return libraries.map { file, package in
            folders.contains { access("\($0)/\(file)", R_OK) == 0 }
                ? .good("library \(file)") : .bad("library \(file) is missing", "apt-get install \(package)")
        }
    }

    private func database() -> Finding {
        if installation.settings.has("DATABASE_URL") { return .good("database: the one that DATABASE_URL names") }
        do {
            _ = try LocalPostgres(installation: installation, port: PortPlan.defaultDatabase)
        } catch {
            return .bad("database: \(error)", "apt-get install postgresql, or set DATABASE_URL")
        }
        guard geteuid() != 0 || Executables.find("setpriv") != nil else {
            return .bad("setpriv is missing; PostgreSQL cannot run as root", "apt-get install util-linux")
        }
        let state =
            access("\(installation.databaseFolder)/data/PG_VERSION", F_OK) == 0 ? "exists" : "is made by make up"
        return .good("database: a local cluster, which \(state) in \(installation.databaseFolder)")
    }

    private func configuration() -> [Finding] {
        ["fleet.yaml", "moderation.yaml", "lavalink.yaml"].map { name in
            let path = "\(installation.config)/\(name)"
            do {
                _ = try ConfigFile.load(path, settings: installation.settings)
                return .good("config/\(name) is readable")
            } catch {
                return .bad("\(error)", "repair \(path)")
            }
        }
    }

    /// Whether the routing plan can be read, if there is one.
    private func routing() -> [Finding] {
        do {
            guard let plan = try RoutingPlan.load(settings: installation.settings) else { return [] }
            let named = plan.instances.sorted()
            let others = named.isEmpty ? "" : "; it needs the instances \(named.joined(separator: ", "))"
            return [
                .good(
                    "the routing plan is readable, with the routes \(plan.routes.map(\.rawValue).joined(separator: ", "))\(others)"
                )
            ]
        } catch {
            return [.bad("\(error)", "repair it, or take it away: then any instance answers")]
        }
    }

    /// Over TCP, whether the keys are there for everything that `make up` starts.
    private func bus() -> [Finding] {
        do {
            let endpoints = try BusEndpoints(settings: installation.settings)
            guard endpoints.isTCP else { return [] }
            let services = ServicePlan.all.map(\.service) + [.ensemble]
            _ = try BusAccess(endpoints: endpoints, services: services, folder: installation.keyFolder)
            return [.good("bus: over TCP, with the keys in \(installation.keyFolder.path)")]
        } catch {
            return [.bad("bus: \(error)", "make keys")]
        }
    }

    private func tokens() -> [Finding] {
        guard let file = try? ConfigFile.load("\(installation.config)/fleet.yaml", settings: installation.settings)
        else {
            return []
        }
        let fleet = FleetVariables(file.root)
        let unset = fleet.bots.filter { bot in bot.tokenVariables.contains { !installation.settings.has($0) } }
        if unset.count == fleet.bots.count {
            return [.warning("no bot has a token: make up uses the playground", "put tokens into .env; see README")]
        }
        var findings = unset.map { bot in
            Finding.warning(
                "bot \(bot.name) has no token and stays stopped",
                "set \(bot.tokenVariables.joined(separator: ", ")) in .env"
            )
        }
        let keys = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GROQ_API_KEY", "OPENROUTER_API_KEY", "OLLAMA_BASE_URL"]
        if !keys.contains(where: installation.settings.has) {
            findings.append(
                .warning("no language model: the personas cannot answer", "set one of \(keys.joined(separator: ", "))")
            )
        }
        return findings + [.good("\(fleet.bots.count - unset.count) of \(fleet.bots.count) bots have a token")]
    }

    private func ports() -> [Finding] {
        if let process = UpLock.holder(of: installation.lockFile) {
            return [.good("the stack is running (process \(process))")]
        }
        do {
            let plan = try PortPlan(settings: installation.settings)
            guard plan.remarks.isEmpty else {
                return plan.remarks.map { .warning($0, "nothing: make up takes another port and shows it") }
            }
            return [.good("all ports are free")]
        } catch {
            return [.bad("\(error)", "choose another port or stop what uses it")]
        }
    }
}
