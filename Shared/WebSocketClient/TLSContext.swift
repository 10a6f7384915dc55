internal import NIOSSL

/// The process's one TLS client context: reading the system's trust store takes milliseconds and megabytes.
enum TLSContext {
    private static let result = Result { try NIOSSLContext(configuration: .makeClientConfiguration()) }

    /// - Throws: `WebSocketError` with `.unreachable` if the system has no usable certificates.
    static func shared() throws(WebSocketError) -> NIOSSLContext {
        do {
            return try result.get()
        } catch {
            throw WebSocketError(
                code: .unreachable,
                message: "no TLS: \(error) (is the package ca-certificates installed?)"
            )
        }
    }
}
