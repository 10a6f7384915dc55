package import ServiceKit
package import ZeroMQ

/// One party's key file: a certificate in ZPL, the form of CZMQ's `zcert` and of pyzmq's `zmq.auth`.
///
/// ```
/// # comments
/// curve
///     public-key = "…40 characters of Z85…"
///     secret-key = "…"
/// ```
///
/// A file that only lets its owner in at the bus may leave the secret key out.
package struct KeyFile: Sendable {
    package let publicKey: CurveKey
    /// Nil when the file has the public key alone.
    package let keys: CurveKeyPair?

    package init(_ keys: CurveKeyPair) {
        publicKey = keys.publicKey
        self.keys = keys
    }

    package init(publicKey: CurveKey) {
        self.publicKey = publicKey
        keys = nil
    }

    /// Reads the text of a file.
    ///
    /// - Throws: what is wrong at which line; what stands there is never shown, it may be a secret key.
    package init(parsing text: String, file: String) throws(ConfigurationError) {
        var publicKey: CurveKey?
        var keys: (pair: CurveKeyPair, line: Int)?
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = Self.trimmed(raw)
            guard !line.isEmpty, !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
            func mistake(_ expected: String, _ found: String) -> ConfigurationError {
                ConfigurationError(file: file, line: index + 1, expected: expected, found: found)
            }
            let name = Self.trimmed(line[..<equals])
            guard name == "public-key" || name == "secret-key" else { continue }
            let value = Self.unquoted(Self.trimmed(line[line.index(after: equals)...]))
            let expected = "\(name) = \"\(CurveKey.characters) characters of Z85\""
            guard let value else { throw mistake(expected, "a value without its quotes") }
            let found = "\(value.utf8.count) characters, or others than Z85's"
            if name == "public-key" {
                guard let key = CurveKey(z85: value) else { throw mistake(expected, found) }
                publicKey = key
            } else {
                guard let pair = CurveKeyPair(secretKey: value) else { throw mistake(expected, found) }
                keys = (pair, index + 1)
            }
        }
        guard let publicKey = publicKey ?? keys?.pair.publicKey else {
            throw ConfigurationError(file: file, expected: "a line public-key = \"…\"", found: "none")
        }
        if let keys, keys.pair.publicKey != publicKey {
            throw ConfigurationError(
                file: file,
                line: keys.line,
                expected: "the secret key of the public key above",
                found: "another pair's"
            )
        }
        self.publicKey = publicKey
        self.keys = keys?.pair
    }

    /// The text of the file, with a remark in its first line.
    package func text(remark: String) -> Secret {
        var text = "# \(remark)\ncurve\n    public-key = \"\(publicKey)\"\n"
        if let keys { text += "    secret-key = \"\(keys.revealSecretKey())\"\n" }
        return Secret(text)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private static func unquoted(_ text: Substring) -> String? {
        guard text.count >= 2, let quote = text.first, quote == "\"" || quote == "'", text.last == quote else {
            return nil
        }
        return String(text.dropFirst().dropLast())
    }
}
