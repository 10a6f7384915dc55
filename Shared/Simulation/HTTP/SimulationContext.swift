package import Hummingbird
package import NIOCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What a double knows of a request beside the request: above all its connection, which faults break.
package struct SimulationContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    package let channel: any Channel

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Closes the connection before there is an answer: the client learns nothing of what was done.
    func drop() async -> ConnectionBroken {
        try? await channel.close().get()
        return ConnectionBroken()
    }

    /// Resets the connection: what the client has not read yet is lost as well.
    func reset() async -> ConnectionBroken {
        // Without lingering, a close is a reset (tcp(7), socket(7)).
        if let socket = channel as? any SocketOptionProvider {
            try? await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        return await drop()
    }

    /// Sends the head and half of a body, then resets the connection.
    func broken(_ response: Response, body: [UInt8]) -> Response {
        var response = response
        response.body = ResponseBody(contentLength: body.count) { writer in
            if body.count > 1 { try await writer.write(ByteBuffer(bytes: body.prefix(body.count / 2))) }
            throw await reset()
        }
        return response
    }
}

/// A connection was broken on purpose; whoever would have answered gives up.
struct ConnectionBroken: Error {}
