import Glibc
import TestSupport
import Testing
import ZeroMQ

/// Log-ins by PLAIN and CURVE through ZAP, and the folder of ipc sockets.
@Suite struct SecurityTests {
    @Test func theNameOfTheLoginComesWithEveryFrame() async throws {
        let context = try ZeroMQContext()
        let handler = try ZAPHandler(context: context) { request in
            request.credentials == .plain(user: "music", password: "right") && request.domain == "here"
                ? .allow(user: "music") : .refuse("no")
        }
        var options = SocketOptions()
        options.security = .plainServer(domain: "here")
        let router = try Socket(.router, options: options, context: context)
        try router.bind("tcp://127.0.0.1:*")
        let clients = try ["wrong", "right"].map { password in
            var options = SocketOptions()
            options.security = .plainClient(user: "music", password: password)
            let client = try Socket(.dealer, options: options, context: context)
            try client.connect(router.lastEndpoint)
            _ = try client.send(Array(password.utf8), more: false)
            return client
        }
        let frame = Frame()
        try await eventually("a message comes") {
            try handler.answerWaiting()
            return try router.receive(into: frame)
        }
        #expect(try router.receive(into: frame))
        #expect(frame.bytes == Array("right".utf8))
        #expect(frame.userID == "music")
        #expect(clients.count == 2)
    }

    @Test func withoutSecurityThereIsNoName() async throws {
        let context = try ZeroMQContext()
        let left = try Socket(.pair, options: SocketOptions(), context: context)
        try left.bind("tcp://127.0.0.1:*")
        let right = try Socket(.pair, options: SocketOptions(), context: context)
        try right.connect(left.lastEndpoint)
        _ = try right.send([1], more: false)
        let frame = Frame()
        try await eventually("the message comes") { try left.receive(into: frame) }
        #expect(frame.userID == nil)
    }

    @Test func questionsThatAreNoZAPAreNil() {
        let version = Array("1.0".utf8)
        #expect(ZAPRequest(frames: []) == nil)
        #expect(ZAPRequest(frames: [[], [], [], [], [], []]) == nil)
        #expect(ZAPRequest(frames: [version, [1], [], [], []]) == nil)
        let short = ZAPRequest(frames: [version, [1], [], [], [], Array("PLAIN".utf8), [97]])
        #expect(short?.credentials == .unsupported("PLAIN"))
        let curve = ZAPRequest(frames: [
            version, [1], [], [], [], Array("CURVE".utf8), [UInt8](repeating: 3, count: 31),
        ])
        #expect(curve?.credentials == .unsupported("CURVE"))
    }

    @Test func theFolderOfSocketsIsOursAlone() throws {
        let path = temporaryFolder()
        defer { rmdir(path) }
        try IPCFolder.prepare(path)
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o700)
        // Again: it is there already.
        try IPCFolder.prepare(path)
        chmod(path, 0o755)
        #expect(throws: ZeroMQError.self) { try IPCFolder.prepare(path) }
        chmod(path, 0o700)
        let link = path + "-link"
        symlink(path, link)
        defer { unlink(link) }
        let error = #expect(throws: ZeroMQError.self) { try IPCFolder.prepare(link) }
        #expect(error?.code == .unsafeFolder)
    }

    @Test func aFolderIsLockedByOneAtATime() throws {
        let path = temporaryFolder()
        try IPCFolder.prepare(path)
        defer {
            unlink(path + "/lock")
            rmdir(path)
        }
        var lock: FolderLock? = try FolderLock(folder: path)
        #expect(throws: ZeroMQError.self) { try FolderLock(folder: path) }
        _ = lock
        lock = nil
        lock = try FolderLock(folder: path)
    }

    private func temporaryFolder() -> String {
        "/tmp/zmq-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    }
}
