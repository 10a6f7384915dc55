/// Lengths of time as people write them in settings: `250ms`, `10s`, `5m`, `2h`, `7d`; a bare number counts seconds.
package enum DurationText {
    /// What a message says was expected.
    package static let expectation = "a length of time such as 250ms, 10s, 5m, 2h or 7d"

    /// Reads one number with an optional unit; nil if it is anything else, negative, or longer than a thousand years.
    package static func parse(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), number.isFinite, number >= 0 else { return nil }
        let seconds: Double
        switch text[digits.endIndex...] {
        case "ms": seconds = number / 1000
        case "", "s": seconds = number
        case "m": seconds = number * 60
        case "h": seconds = number * 3600
        case "d": seconds = number * 86_400
        default: return nil
        }
        guard seconds < 3.2e10 else { return nil }
        return .seconds(seconds)
    }
}
