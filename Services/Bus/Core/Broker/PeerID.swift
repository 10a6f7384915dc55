/// A connection to the request socket, by the routing id that libzmq gave it; a reconnect gets another.
package struct PeerID: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// In one step, where an array would hash byte by byte: peers are looked up many times for each request.
    package func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension PeerID: CustomStringConvertible {
    package var description: String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
