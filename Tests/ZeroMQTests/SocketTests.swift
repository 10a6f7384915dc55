import TestSupport
import Testing
import ZeroMQ

/// Sockets over inproc, ipc and TCP: frames, batches, options and errors.
@Suite struct SocketTests {
    private let context: ZeroMQContext

    init() throws {
        context = try ZeroMQContext()
    }

    private func socket(_ kind: SocketKind, _ change: (inout SocketOptions) -> Void = { _ in }) throws -> Socket {
        var options = SocketOptions()
        change(&options)
        return try Socket(kind, options: options, context: context)
    }

    private func pair(_ change: (inout SocketOptions) -> Void = { _ in }) throws -> (Socket, Socket) {
        let left = try socket(.pair, change)
        let right = try socket(.pair, change)
        try left.bind("inproc://pair")
        try right.connect("inproc://pair")
        return (left, right)
    }

    @Test func aMessageKeepsItsFrames() throws {
        let (left, right) = try pair()
        #expect(try left.send([1, 2, 3], more: true))
        #expect(try left.send([], more: true))
        #expect(try left.send([UInt8](repeating: 9, count: 100_000), more: false))
        let frame = Frame()
        #expect(try right.receive(into: frame))
        #expect(frame.bytes == [1, 2, 3] && frame.hasMore)
        #expect(try right.receive(into: frame))
        #expect(frame.count == 0 && frame.hasMore)
        #expect(try right.receive(into: frame))
        #expect(frame.count == 100_000 && !frame.hasMore)
        #expect(try !right.receive(into: frame))
    }

    @Test func aBatchGoesAndComesAsItWas() throws {
        let (left, right) = try pair()
        var batch = MessageBatch()
        for number in 0..<100 {
            for frame in 0..<(number % 4 + 1) {
                batch.append(frame: [UInt8](repeating: UInt8(number), count: frame * 50))
            }
            batch.endMessage()
        }
        for message in 0..<batch.count {
            let frames = batch.frames(of: message)
            for frame in frames {
                let bytes = Array(batch.bytes[batch.range(ofFrame: frame)])
                #expect(try left.send(bytes, more: frame + 1 < frames.upperBound))
            }
        }
        var received = MessageBatch()
        #expect(try !right.receive(into: &received, frame: Frame(), messages: 1000, bytes: 1 << 20))
        #expect(received.count == 100)
        for message in 0..<100 {
            #expect(received.frames(of: message) == batch.frames(of: message))
            for frame in batch.frames(of: message) {
                #expect(received.bytes[received.range(ofFrame: frame)] == batch.bytes[batch.range(ofFrame: frame)])
            }
        }
    }

    @Test func aFrameIsWrittenInPlace() throws {
        let (left, right) = try pair()
        for size in [0, 3, 100_000] {
            #expect(try left.send(byteCount: size, more: false) { $0.initializeMemory(as: UInt8.self, repeating: 7) })
        }
        let frame = Frame()
        for size in [0, 3, 100_000] {
            #expect(try right.receive(into: frame))
            #expect(frame.bytes == [UInt8](repeating: 7, count: size))
        }
    }

    @Test func limitsEndABatchEarly() throws {
        let (left, right) = try pair()
        for number in 0..<10 { #expect(try left.send([UInt8(number)], more: false)) }
        var batch = MessageBatch()
        #expect(try right.receive(into: &batch, frame: Frame(), messages: 4, bytes: 1000))
        #expect(batch.count == 4)
        #expect(try right.receive(into: &batch, frame: Frame(), messages: 100, bytes: 6))
        #expect(batch.count == 6)
        #expect(try !right.receive(into: &batch, frame: Frame(), messages: 100, bytes: 1000))
        #expect(batch.count == 10)
    }

    @Test func theHighWaterMarkIsReportedNotSwallowed() throws {
        let (left, right) = try pair {
            $0.sendHighWaterMark = 5
            $0.receiveHighWaterMark = 5
        }
        // Over inproc the two marks add up; libzmq moves the mark in steps, so that a few more may pass.
        var sent = 0
        while sent < 100, try left.send([1], more: false) { sent += 1 }
        #expect((10..<20).contains(sent))
        #expect(try left.send([1], more: false) == false)
        withExtendedLifetime(right) {}
    }

    @Test func aPublisherReportsAFullSubscriber() async throws {
        let publisher = try socket(.extendedPublish) {
            $0.sendHighWaterMark = 10
            $0.publisherReportsFullQueues = true
        }
        let subscriber = try socket(.subscribe) { $0.receiveHighWaterMark = 10 }
        try subscriber.subscribe(to: [])
        try publisher.bind("inproc://events")
        try subscriber.connect("inproc://events")
        let frame = Frame()
        try await eventually("the subscription arrives") { try publisher.receive(into: frame) }
        #expect(frame.bytes == [1])
        var sent = 0
        while try publisher.send([7], more: false) { sent += 1 }
        #expect((20..<40).contains(sent))
    }

    @Test func aRouterReportsAnUnknownPeer() throws {
        let router = try socket(.router)
        try router.bind("inproc://router")
        let error = #expect(throws: ZeroMQError.self) { _ = try router.send([1, 2, 3], more: true) }
        #expect(error?.code == .unreachable)
        #expect(error?.name == "EHOSTUNREACH")
        #expect(error?.isRetriable == true)
    }

    @Test func badEndpointsAndTakenOnesAreTyped() throws {
        let first = try socket(.reply)
        try first.bind("tcp://127.0.0.1:*")
        let taken = first.lastEndpoint
        #expect(taken.hasPrefix("tcp://127.0.0.1:"))
        var error = #expect(throws: ZeroMQError.self) { try socket(.reply).bind(taken) }
        #expect(error?.code == .addressInUse)
        error = #expect(throws: ZeroMQError.self) { try socket(.reply).bind("nonsense") }
        #expect(error?.code == .badEndpoint)
        error = #expect(throws: ZeroMQError.self) { try socket(.reply).connect("carrier-pigeon://loft") }
        #expect(error?.message.contains("connect carrier-pigeon://loft: EPROTONOSUPPORT") == true)
    }

    @Test func noLimitIsNoOption() {
        for change in [
            { $0.sendHighWaterMark = 0 }, { $0.receiveHighWaterMark = -1 }, { $0.maximumFrameBytes = 0 },
        ] as [(inout SocketOptions) -> Void] {
            #expect(throws: ZeroMQError.self) { try socket(.dealer, change) }
        }
    }

    @Test func anOversizeFrameEndsTheConnection() async throws {
        let server = try socket(.pull) { $0.maximumFrameBytes = 1000 }
        try server.bind("tcp://127.0.0.1:*")
        let big = try socket(.push)
        try big.connect(server.lastEndpoint)
        #expect(try big.send([UInt8](repeating: 0, count: 1001), more: false))
        let small = try socket(.push)
        try small.connect(server.lastEndpoint)
        #expect(try small.send([5], more: false))
        let frame = Frame()
        try await eventually("the small one comes through") { try server.receive(into: frame) }
        #expect(frame.bytes == [5])
    }
}
