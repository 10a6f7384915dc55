import Foundation

/// Ports of the loopback that nobody used a moment ago, for processes that must be told their port beforehand.
package enum FreePorts {
    /// No port could be bound.
    package struct NoPort: Error {}

    /// Binds all of them at once, so that they differ, then lets them go.
    package static func take(_ count: Int) throws -> [Int] {
        var sockets: [Int32] = []
        defer { sockets.forEach { _ = close($0) } }
        return try (0..<count).map { _ in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard descriptor >= 0 else { throw NoPort() }
            sockets.append(descriptor)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    guard bind(descriptor, pointer, length) == 0 else { return Int32(-1) }
                    return getsockname(descriptor, pointer, &length)
                }
            }
            guard result == 0 else { throw NoPort() }
            return Int(UInt16(bigEndian: address.sin_port))
        }
    }
}
