import Testing

/// Imports point down, and only where the manifest says so.
@Suite struct LayerTests {
    /// The layer of every module of ours; a new one is entered here.
    private static let layers: [String: Int] = [
        "CZeroMQ": 0, "CPostgres": 0, "CZlib": 0, "CZstd": 0, "CMalloc": 0,
        "BusContract": 1, "DiscordModel": 1, "LavalinkModel": 1, "ZeroMQ": 1, "Postgres": 1, "LocalPostgres": 1,
        "Compression": 1, "WebSocketClient": 1, "ServiceKit": 1,
        "MessageBus": 2, "Store": 2, "DurableEvents": 2, "DiscordREST": 2, "CommandKit": 2, "LLM": 2, "Routing": 2,
        "ServiceHost": 2,
    ]

    private static let doubles: Set<String> = ["Simulation", "TestSupport"]

    private static func layer(of target: PackageDump.Target) -> Int? {
        target.folder.hasPrefix("Services/") ? 3 : layers[target.name]
    }

    @Test func everyModuleHasALayer() async throws {
        for target in try await PackageDump.current.targets where target.folder.hasPrefix("Shared/") {
            #expect(
                Self.layers[target.name] != nil || Self.doubles.contains(target.name),
                "\(target.name) is in no layer: enter it in LayerTests"
            )
        }
    }

    @Test func dependenciesPointDown() async throws {
        let package = try await PackageDump.current
        for target in package.targets where target.type != "test" && !Self.doubles.contains(target.name) {
            guard let own = Self.layer(of: target) else { continue }
            for dependency in target.dependencies {
                guard let other = package[dependency.name], let layer = Self.layer(of: other) else { continue }
                #expect(layer <= own, "\(target.name) (layer \(own)) depends on \(other.name) (layer \(layer))")
            }
        }
    }

    @Test func everyImportOfOursIsDeclared() async throws {
        let package = try await PackageDump.current
        for target in package.targets where target.type != "system" {
            let declared = Set(target.dependencies.map(\.name))
            for file in Repository.files(in: target.folder) {
                for module in file.imports where module != target.name && package[module] != nil {
                    #expect(
                        declared.contains(module) || Self.reaches(module, from: declared, package),
                        "\(file.path) imports \(module), which \(target.name) does not declare"
                    )
                }
            }
        }
    }

    /// Tests may import what their own dependencies are built on.
    private static func reaches(_ module: String, from declared: Set<String>, _ package: PackageDump) -> Bool {
        var known = declared
        var queue = Array(declared)
        while let name = queue.popLast() {
            for dependency in package[name]?.dependencies.map(\.name) ?? [] where known.insert(dependency).inserted {
                queue.append(dependency)
            }
        }
        return known.contains(module)
    }

    @Test func noServiceKnowsAService() async throws {
        let package = try await PackageDump.current
        let services = package.targets.filter { $0.folder.hasPrefix("Services/") }
        for target in services {
            let folder = target.folder.split(separator: "/")[1]
            for dependency in target.dependencies {
                guard let other = package[dependency.name], other.folder.hasPrefix("Services/") else { continue }
                #expect(
                    other.folder.split(separator: "/")[1] == folder,
                    "\(target.name) depends on \(other.name): services meet in BusContract and Store"
                )
            }
        }
        #expect(services.count >= 22)
    }

    @Test(arguments: ["CZeroMQ", "CPostgres", "CZlib", "CZstd", "CMalloc"])
    func oneTargetImportsEachCModule(module: String) async throws {
        let importers = try await PackageDump.current.targets.filter { target in
            target.type != "system" && Repository.files(in: target.folder).contains { $0.imports.contains(module) }
        }
        #expect(importers.map(\.name).count == 1, "\(module) is imported by \(importers.map(\.name))")
    }

    @Test func theDoublesStayOutOfProduction() async throws {
        for target in try await PackageDump.current.targets where target.type != "test" {
            guard !Self.doubles.contains(target.name), !target.name.lowercased().hasPrefix("playground") else {
                continue
            }
            let used = target.dependencies.map(\.name).filter { Self.doubles.contains($0) }
            #expect(used.isEmpty, "\(target.name) names \(used)")
        }
    }

    @Test func everyExecutableIsNamedWhereItMustBe() async throws {
        let names = Repository.text("Shared/ServiceKit/Identity/ServiceName.swift")
        let plans = Repository.text("Services/Ensemble/Core/Supervision/ServicePlan.swift")
        let document = Repository.text("ARCHITECTURE.md")
        for target in try await PackageDump.current.targets
        where target.type == "executable" && target.folder.hasPrefix("Services/") {
            let words = target.name.split(separator: "-").map(String.init)
            let rest = words.dropFirst().map { $0 == "api" ? "API" : $0.prefix(1).uppercased() + $0.dropFirst() }
            let name = words[0] + rest.joined()
            #expect(names.contains("case \(name)"), "\(target.name) is no ServiceName")
            #expect(document.contains("| `\(target.name)` |"), "\(target.name) is not in ARCHITECTURE.md")
            if target.name != "ensemble" {
                #expect(plans.contains("service: .\(name),"), "\(target.name) is not in the supervisor's list")
            }
        }
    }
}
