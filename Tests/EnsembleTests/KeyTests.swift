import Foundation
import MessageBus
import ServiceKit
import Testing
import ZeroMQ

@testable import EnsembleCore

/// `ensemble keys`, and which child gets which key.
@Suite struct KeyTests {
    private func withFolder(_ body: (KeyFolder) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(KeyFolder(path))
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test func everythingIsMadeOnceAndForItsOwnerAlone() throws {
        try withFolder { folder in
            let first = try KeyMaker(folder: folder).make()
            #expect(first.made.count == KeyFolder.parties.count + 1)
            #expect(first.made.contains(folder.serverKeyFile))
            #expect(try mode(folder.path) == 0o700)
            for file in first.made { #expect(try mode(file) == 0o600, "\(file)") }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == first.made.count)
            let clients = try folder.clients()
            #expect(Set(clients.values).count == KeyFolder.parties.count - 1)
            #expect(clients[.bus] == nil)

            let second = try KeyMaker(folder: folder).make()
            #expect(second.made.isEmpty && second.kept.count == KeyFolder.parties.count)
            #expect(try folder.clients() == clients)
        }
    }

    @Test func aDeletedKeyIsRenewedAndNoOther() throws {
        try withFolder { folder in
            _ = try KeyMaker(folder: folder).make()
            let before = try folder.clients()
            try FileManager.default.removeItem(atPath: folder.file(of: .music))
            let result = try KeyMaker(folder: folder).make()
            #expect(result.made == [folder.file(of: .music)])
            let after = try folder.clients()
            #expect(after[.music] != before[.music])
            #expect(after.filter { $0.key != .music } == before.filter { $0.key != .music })
        }
    }

    @Test func aNewKeyOfTheBusComesWithItsPublicFile() throws {
        try withFolder { folder in
            _ = try KeyMaker(folder: folder).make()
            try FileManager.default.removeItem(atPath: folder.serverKeyFile)
            #expect(try KeyMaker(folder: folder).make().made == [folder.serverKeyFile])

            let old = try folder.serverKey()
            for file in [folder.file(of: .bus), folder.serverKeyFile] {
                try FileManager.default.removeItem(atPath: file)
            }
            let result = try KeyMaker(folder: folder).make()
            #expect(result.made == [folder.file(of: .bus), folder.serverKeyFile])
            #expect(try folder.read(folder.serverKeyFile)?.publicKey == folder.keys(of: .bus).publicKey)
            #expect(try folder.serverKey() != old)
        }
    }

    @Test func onAnotherHostNothingIsMade() throws {
        try withFolder { folder in
            _ = try KeyMaker(folder: folder).make()
            let kept = [folder.file(of: .music), folder.serverKeyFile]
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
            where !kept.contains("\(folder.path)/\(name)") {
                try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
            }
            let result = try KeyMaker(folder: folder).make()
            #expect(result.isRemote && result.made.isEmpty)
            // What is there is enough for music, and for nobody else.
            _ = try folder.keys(of: .music)
            _ = try folder.serverKey()
            #expect(throws: ConfigurationError.self) { try folder.keys(of: .gateway) }
        }
    }

    @Test func anOpenFolderOrADamagedFileStopsIt() throws {
        try withFolder { folder in
            _ = try KeyMaker(folder: folder).make()
            try Data("curve\n public-key = \"x\"\n".utf8).write(to: URL(filePath: folder.file(of: .music)))
            var error = #expect(throws: ConfigurationError.self) { try KeyMaker(folder: folder).make() }
            #expect(error?.file == folder.file(of: .music) && error?.line == 2)
            try FileManager.default.removeItem(atPath: folder.file(of: .music))
            chmod(folder.path, 0o755)
            error = #expect(throws: ConfigurationError.self) { try KeyMaker(folder: folder).make() }
            #expect(error?.file == folder.path)
        }
    }

    @Test func everyChildGetsItsOwnKeyAlone() throws {
        try withFolder { folder in
            _ = try KeyMaker(folder: folder).make()
            let access = try BusAccess(
                endpoints: BusEndpoints(settings: Settings(environment: ["ENSEMBLE_BUS": "tcp://127.0.0.1:5570"])),
                services: ServicePlan.all.map(\.service) + [.ensemble],
                folder: folder
            )
            let environments = ChildEnvironments(
                installation: Installation(environment: ["BUS_KEYS": folder.path], programs: "/nowhere"),
                fleet: FleetVariables(
                    try ConfigFile.parse("bots: []", path: "f.yaml", settings: Settings(environment: [:])).root
                ),
                ports: [:],
                busAddress: "tcp://127.0.0.1:5570",
                busAccess: access,
                databases: [:],
                playground: nil
            )
            for plan in ServicePlan.all {
                let seen = environments.environment(of: plan)
                #expect(seen["BUS_SECRET"] == nil && seen["BUS_SECRETS"] == nil)
                for party in KeyFolder.parties {
                    let secret = try folder.keys(of: party).revealSecretKey()
                    #expect(
                        seen.values.contains { $0.contains(secret) } == (party == plan.service),
                        "\(party)'s key in \(plan.service)"
                    )
                }
            }
            // It is all that the child needs.
            let music = try #require(ServicePlan.all.first { $0.service == .music })
            let settings = Settings(environment: environments.environment(of: music))
            _ = try BusConfiguration(settings: settings, service: .music)
        }
    }

    @Test func withoutKeysNothingStartsOverTCP() throws {
        try withFolder { folder in
            let error = #expect(throws: ConfigurationError.self) {
                _ = try BusAccess(
                    endpoints: BusEndpoints(settings: Settings(environment: ["ENSEMBLE_BUS": "tcp://127.0.0.1:5570"])),
                    services: [.gateway],
                    folder: folder
                )
            }
            #expect(error?.description.contains("make keys") == true)
        }
    }
}
