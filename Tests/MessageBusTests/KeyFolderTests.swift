import BusContract
import BusCore
import FoundationEssentials
import Glibc
import MessageBus
import ServiceKit
import TestSupport
import Testing
import ZeroMQ

/// Key files: their form, who may read them, and what is said of a wrong one.
@Suite struct KeyFolderTests {
    private func withFolder(_ body: (KeyFolder) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID().uuidString)").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        chmod(path, 0o700)
        try body(KeyFolder(path))
    }

    private func write(_ text: String, to path: String, mode: mode_t = 0o600) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        chmod(path, mode)
    }

    @Test func aPairSurvivesItsFile() throws {
        let keys = try CurveKeyPair.make()
        let text = KeyFile(keys).text(remark: "The keys of music.").reveal()
        let file = try KeyFile(parsing: text, file: "music.key")
        #expect(file.publicKey == keys.publicKey)
        #expect(file.keys?.revealSecretKey() == keys.revealSecretKey())
        let open = try KeyFile(parsing: KeyFile(publicKey: keys.publicKey).text(remark: "").reveal(), file: "bus.pub")
        #expect(open.publicKey == keys.publicKey && open.keys == nil)
    }

    @Test func aPairShowsItsPublicKeyAlone() throws {
        let keys = try CurveKeyPair.make()
        #expect("\(keys)".contains(keys.publicKey.z85))
        var dumped = ""
        dump(SocketSecurity.curveClient(serverKey: keys.publicKey, keys: keys), to: &dumped)
        for text in ["\(keys)", String(reflecting: keys), dumped, "\(BusLogin.keys(keys, server: keys.publicKey))"] {
            #expect(!text.contains(keys.revealSecretKey()))
        }
    }

    @Test(
        arguments: [
            ("", nil, "public-key"),
            ("curve\n    public-key = \"short\"\n", 2, "40 characters of Z85"),
            ("# x\n\n    public-key = \"\(String(repeating: "~", count: 40))\"", 3, "40 characters of Z85"),
            ("public-key = \(String(repeating: "a", count: 40))", 1, "without its quotes"),
            ("curve\n    secret-key = \"geheim\"", 2, "40 characters of Z85"),
        ] as [(String, Int?, String)]
    )
    func aMalformedFileIsToldByLineWithoutItsContent(text: String, line: Int?, part: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try KeyFile(parsing: text, file: "keys/music.key") }
        #expect(error?.file == "keys/music.key")
        #expect(error?.line == line)
        #expect(error?.description.contains(part) == true, "\(String(describing: error))")
        #expect(error?.description.contains("geheim") == false)
    }

    @Test func aSecretKeyOfAnotherPairIsTold() throws {
        let (one, other) = (try CurveKeyPair.make(), try CurveKeyPair.make())
        let text = "public-key = \"\(one.publicKey)\"\nsecret-key = \"\(other.revealSecretKey())\"\n"
        let error = #expect(throws: ConfigurationError.self) { try KeyFile(parsing: text, file: "music.key") }
        #expect(error?.line == 2)
        #expect(error?.description.contains(other.revealSecretKey()) == false)
    }

    @Test func whatOthersCanReadIsRefused() throws {
        try withFolder { folder in
            let keys = try CurveKeyPair.make()
            let text = KeyFile(keys).text(remark: "").reveal()
            try write(text, to: folder.file(of: .music), mode: 0o640)
            var error = #expect(throws: ConfigurationError.self) { try folder.keys(of: .music) }
            #expect(error?.file == folder.file(of: .music))
            #expect(error?.description.contains("0640") == true && error?.description.contains("chmod 600") == true)

            chmod(folder.file(of: .music), 0o600)
            #expect(try folder.keys(of: .music).publicKey == keys.publicKey)

            chmod(folder.path, 0o750)
            error = #expect(throws: ConfigurationError.self) { try folder.keys(of: .music) }
            #expect(error?.file == folder.path)
            #expect(error?.description.contains("0750") == true && error?.description.contains("chmod 700") == true)
        }
    }

    @Test func twoServicesCannotShareAKey() throws {
        try withFolder { folder in
            let text = KeyFile(try CurveKeyPair.make()).text(remark: "").reveal()
            try write(text, to: folder.file(of: .gateway))
            try write(text, to: folder.file(of: .music))
            let error = #expect(throws: ConfigurationError.self) { try folder.clients() }
            #expect(error?.description.contains("gateway.key") == true)
            #expect(error?.description.contains("music.key") == true)
        }
    }

    @Test func aMissingKeySaysHowToGetIt() throws {
        try withFolder { folder in
            let settings = Settings(environment: ["ENSEMBLE_BUS": "tcp://10.0.0.5:5570", "BUS_KEYS": folder.path])
            let error = #expect(throws: ConfigurationError.self) {
                _ = try BusConfiguration(settings: settings, service: .music)
            }
            #expect(error?.description.contains("\(folder.path)/music.key") == true)
            #expect(error?.description.contains("make keys") == true)

            // The public key alone lets nobody log in.
            let keys = try CurveKeyPair.make()
            try write(KeyFile(publicKey: keys.publicKey).text(remark: "").reveal(), to: folder.file(of: .music))
            #expect(throws: ConfigurationError.self) { _ = try BusConfiguration(settings: settings, service: .music) }
            // But it is enough for the list of who may.
            #expect(try folder.clients() == [.music: keys.publicKey])
        }
    }

    @Test func theListOfClientsComesFromTheEnvironmentToo() throws {
        let (server, music) = (try CurveKeyPair.make(), try CurveKeyPair.make())
        func configuration(_ clients: String) throws -> SwitchboardConfiguration {
            try SwitchboardConfiguration(
                settings: Settings(environment: [
                    "ENSEMBLE_BUS": "tcp://*:5570", "BUS_KEY": server.revealSecretKey(), "BUS_CLIENT_KEYS": clients,
                ])
            )
        }
        let keys = try #require(try configuration("music=\(music.publicKey)").keys)
        #expect(keys.own.publicKey == server.publicKey && keys.clients == [.music: music.publicKey])
        for wrong in ["music", "music=short", "music=\(music.publicKey),gateway=\(music.publicKey)"] {
            let error = #expect(throws: ConfigurationError.self) { try configuration(wrong) }
            #expect(error?.key == "BUS_CLIENT_KEYS", "\(wrong)")
        }
    }

    @Test func keysComeFromTheEnvironmentToo() throws {
        let (own, server) = (try CurveKeyPair.make(), try CurveKeyPair.make())
        let settings = Settings(environment: [
            "ENSEMBLE_BUS": "tcp://*:5570", "BUS_KEY": own.revealSecretKey(), "BUS_SERVER_KEY": server.publicKey.z85,
        ])
        let configuration = try BusConfiguration(settings: settings, service: .music)
        guard case .keys(let keys, let known) = configuration.login else {
            Issue.record("a password over TCP")
            return
        }
        #expect(keys.publicKey == own.publicKey && known == server.publicKey)
        // Who listens everywhere is reached here.
        #expect(configuration.endpoints.requests == "tcp://127.0.0.1:5572")
        let wrong = Settings(environment: ["ENSEMBLE_BUS": "tcp://h:1", "BUS_KEY": "geheim"])
        let error = #expect(throws: ConfigurationError.self) {
            _ = try BusConfiguration(settings: wrong, service: .music)
        }
        #expect(error?.key == "BUS_KEY" && error?.description.contains("geheim") == false)
    }
}
