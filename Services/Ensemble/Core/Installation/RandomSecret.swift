import ServiceKit

/// Makes secrets.
enum RandomSecret {
    /// 32 random bytes from the system's generator, in hexadecimal: safe in URLs, environments and SQL.
    static func make() -> Secret {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<4).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return Secret(words.joined())
    }
}
