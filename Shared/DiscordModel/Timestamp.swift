/// An instant as Discord writes it: ISO 8601 with offset, to the microsecond; held in milliseconds since the Unix epoch.
package struct Timestamp: Hashable, Sendable, Comparable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

extension Timestamp: LosslessStringConvertible {
    /// Reads `2026-11-21T07:53:45[.123456](Z|+00:00|-0330)`; anything else is nil. Digits past the millisecond are cut.
    package init?(_ description: String) {
        var text = description
        let milliseconds = text.withUTF8 { Self.parse($0) }
        guard let milliseconds else { return nil }
        self.init(milliseconds: milliseconds)
    }

    /// ISO 8601 in UTC with three fractional digits, as Discord's API takes it.
    package var description: String {
        let (days, inDay) = milliseconds.quotientAndRemainder(flooringBy: 86_400_000)
        let (year, month, day) = civil(fromDays: days)
        func padded(_ value: Int64, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T"
            + "\(padded(inDay / 3_600_000, 2)):\(padded(inDay / 60_000 % 60, 2)):\(padded(inDay / 1000 % 60, 2))"
            + ".\(padded(inDay % 1000, 3))+00:00"
    }

    /// Reads the same from bytes.
    init?(utf8 text: UnsafeBufferPointer<UInt8>) {
        guard let milliseconds = Self.parse(text) else { return nil }
        self.init(milliseconds: milliseconds)
    }

    private static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Int64? {
        var digits = DigitReader(text)
        guard let year = digits.number(4), digits.take(UInt8(ascii: "-")), let month = digits.number(2),
            digits.take(UInt8(ascii: "-")), let day = digits.number(2),
            digits.take(UInt8(ascii: "T")) || digits.take(UInt8(ascii: " ")), let hour = digits.number(2),
            digits.take(UInt8(ascii: ":")), let minute = digits.number(2), digits.take(UInt8(ascii: ":")),
            let second = digits.number(2),
            month >= 1, month <= 12, day >= 1, day <= 31, hour <= 24, minute <= 59, second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if digits.take(UInt8(ascii: ".")) {
            guard let read = digits.fraction() else { return nil }
            fraction = read
        }
        var offsetMinutes: Int64 = 0
        if !digits.take(UInt8(ascii: "Z")) {
            let isNegative = digits.take(UInt8(ascii: "-"))
            guard isNegative || digits.take(UInt8(ascii: "+")), let hours = digits.number(2) else { return nil }
            _ = digits.take(UInt8(ascii: ":"))
            guard let minutes = digits.number(2) else { return nil }
            offsetMinutes = (hours * 60 + minutes) * (isNegative ? -1 : 1)
        }
        guard digits.isAtEnd else { return nil }
        let seconds =
            days(fromCivil: year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offsetMinutes * 60
        return seconds * 1000 + fraction
    }
}

/// Reads numbers of known widths, and what stands between them.
private struct DigitReader {
    private let text: UnsafeBufferPointer<UInt8>
    private var index = 0

    init(_ text: UnsafeBufferPointer<UInt8>) {
        self.text = text
    }

    var isAtEnd: Bool { index == text.count }

    @inline(__always)
    mutating func number(_ width: Int) -> Int64? {
        guard index + width <= text.count else { return nil }
        var value: Int64 = 0
        for position in index..<index + width {
            let digit = text[position] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            value = value &* 10 &+ Int64(digit)
        }
        index += width
        return value
    }

    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard index < text.count, text[index] == byte else { return false }
        index += 1
        return true
    }

    /// One digit or more, in thousandths; those past the third are cut.
    mutating func fraction() -> Int64? {
        var value: Int64 = 0
        var scale: Int64 = 100
        let start = index
        while index < text.count, text[index] &- UInt8(ascii: "0") <= 9 {
            value += Int64(text[index] &- UInt8(ascii: "0")) * scale
            scale /= 10
            index += 1
        }
        return index > start ? value : nil
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a timestamp: \(text)")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counted from 1 March so that the leap day comes last.
private func days(fromCivil year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear.quotientAndRemainder(flooringBy: 400)
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = era.remainder * 365 + era.remainder / 4 - era.remainder / 100 + dayOfYear
    return era.quotient * 146_097 + dayOfEra - 719_468
}

/// The reverse of `days(fromCivil:)`.
private func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = (days + 719_468).quotientAndRemainder(flooringBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
}

extension Int64 {
    /// Division that rounds down, so that the remainder is never negative.
    fileprivate func quotientAndRemainder(flooringBy divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let result = quotientAndRemainder(dividingBy: divisor)
        return result.remainder < 0 ? (result.quotient - 1, result.remainder + divisor) : result
    }
}
