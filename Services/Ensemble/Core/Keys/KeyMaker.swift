package import MessageBus
import ServiceKit
import ZeroMQ

#if canImport(Glibc)
import Glibc
#endif

/// Makes the key pairs of a bus over TCP that are missing, and never touches one that is there.
package struct KeyMaker: Sendable {
    /// What became of the files.
    package struct Result: Sendable, Equatable {
        package let made: [String]
        package let kept: [String]
        /// The folder holds another host's `bus.pub`: keys are made where the bus is.
        package let isRemote: Bool
    }

    private let folder: KeyFolder

    /// Works in the given folder.
    package init(folder: KeyFolder) {
        self.folder = folder
    }

    /// Makes what is missing.
    ///
    /// - Throws: ``ConfigurationError`` when the folder or a file in it lets others in or cannot be read.
    package func make() throws -> Result {
        if try folder.isThere() {
            if try folder.read(folder.file(of: .bus)) == nil, try folder.read(folder.serverKeyFile) != nil {
                return Result(made: [], kept: [], isRemote: true)
            }
        } else {
            try Folder.make(folder.path, mode: 0o700)
        }
        var made: [String] = []
        var kept: [String] = []
        for party in KeyFolder.parties {
            let file = folder.file(of: party)
            guard try folder.read(file) == nil else {
                kept.append(file)
                continue
            }
            let remark = party == .bus ? "The bus's keys. The secret key stays on this host." : "The keys of \(party)."
            try write(KeyFile(try CurveKeyPair.make()).text(remark: remark), to: file)
            made.append(file)
        }
        let server = try folder.serverKey()
        if try folder.read(folder.serverKeyFile)?.publicKey != server {
            // Nobody's secret, and of no use when it is not the bus's any more.
            let text = KeyFile(publicKey: server).text(remark: "The bus's public key, for every host.")
            try Folder.writePrivate(text.reveal(), to: folder.serverKeyFile)
            made.append(folder.serverKeyFile)
        }
        return Result(made: made, kept: kept, isRemote: false)
    }

    /// A file that is there stays, also one that another process makes at this moment.
    private func write(_ text: Secret, to path: String) throws {
        let temporary = "\(path).\(getpid())"
        try Folder.writePrivate(text.reveal(), to: temporary)
        defer { unlink(temporary) }
        guard link(temporary, path) == 0 else { throw Folder.Failure(path: path, code: errno) }
    }
}
