import ArgumentParser
import MessageBus
import ServiceKit

/// `ensemble keys`
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes the keys of a bus over TCP that are missing; keys that are there stay."
    )

    func run() async throws {
        let folder = try Installation.current().keyFolder
        let result = try KeyMaker(folder: folder).make()
        guard !result.isRemote else {
            Terminal.write(
                """
                nothing made: \(folder.serverKeyFile) is another host's, and keys are made on the bus's host
                To make this the bus's host, remove it and run this again.

                """
            )
            return
        }
        for file in result.made { Terminal.write("made \(file)\n") }
        if !result.kept.isEmpty { Terminal.write("kept \(result.kept.count) that were there\n") }
        guard !result.made.isEmpty else { return }
        Terminal.write(
            """

            The bus reads its keys when it starts: restart it, and the services whose keys are new.
            A service on another host needs there, in a folder of mode 0700 that BUS_KEYS names:
                \(folder.serverKeyFile)
                \(folder.path)/<service>.key      its own, no other's
            The address is ENSEMBLE_BUS=tcp://<address of this host>:5570, here and there.
            To give a service a new key, delete its file and run this again.

            """
        )
    }
}
