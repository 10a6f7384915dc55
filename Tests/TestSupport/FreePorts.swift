import Foundation

/// Ports of the loopback that nobody used a moment ago, for processes that must be told their port beforehand.
package enum FreePorts {
    /// No port could be bound.
    package struct NoPort: Error {}

    /// The first of some ports in a row.
    package static func first(of count: Int) throws -> Int {
        for _ in 0..<200 {
            let first = try take(1)[0]
            guard first + count <= 65_536 else { continue }
            let sockets = (first..<first + count).compactMap { try? bound($0).descriptor }
            sockets.forEach { _ = close($0) }
            if sockets.count == count { return first }
        }
        throw NoPort()
    }

    /// Binds all of them at once, so that they differ, then lets them go.
    package static func take(_ count: Int) throws -> [Int] {
        var sockets: [Int32] = []
        defer { sockets.forEach { _ = close($0) } }
        return try (0..<count).map { _ in
            let (descriptor, port) = try bound(0)
            sockets.append(descriptor)
            return port
        }
    }

    private static func bound(_ port: Int) throws -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw NoPort() }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard bind(descriptor, pointer, length) == 0 else { return Int32(-1) }
                return getsockname(descriptor, pointer, &length)
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw NoPort()
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }
}
