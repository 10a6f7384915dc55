/// Milliseconds since the Unix epoch: the world's only notion of time, told to it from outside.
package typealias EpochMilliseconds = UInt64

/// ISO 8601 as Discord writes and reads it, in UTC, without Foundation's calendars.
package enum DiscordTimestamp {
    /// `2026-11-21T08:00:00.000000+00:00`.
    package static func text(_ milliseconds: EpochMilliseconds) -> String {
        let seconds = Int64(milliseconds / 1000)
        let (year, month, day) = civil(fromDays: seconds / 86_400)
        let rest = seconds % 86_400
        let clock = "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
        let micro = String(1_000_000 + milliseconds % 1000 * 1000).dropFirst()
        return "\(year)-\(two(month))-\(two(day))T\(clock).\(micro)+00:00"
    }

    /// Reads `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM)`; nil for anything else. A text without zone is UTC.
    package static func parse(_ text: String) -> EpochMilliseconds? {
        var rest = Substring(text)
        func number(_ digits: Int, then separator: Character?) -> Int64? {
            guard let value = Int64(rest.prefix(digits)), rest.prefix(digits).count == digits, value >= 0 else {
                return nil
            }
            rest = rest.dropFirst(digits)
            if let separator {
                guard let first = rest.first, first == separator || (separator == "T" && first == " ") else {
                    return nil
                }
                rest = rest.dropFirst()
            }
            return value
        }
        guard let year = number(4, then: "-"), let month = number(2, then: "-"), let day = number(2, then: "T"),
            let hour = number(2, then: ":"), let minute = number(2, then: ":"), let second = number(2, then: nil),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var milliseconds: Int64 = 0
        if rest.first == "." {
            let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
            guard !digits.isEmpty else { return nil }
            milliseconds = Int64((digits + "000").prefix(3)) ?? 0
            rest = rest.dropFirst(1 + digits.count)
        }
        var offset: Int64 = 0
        if let sign = rest.first, sign == "+" || sign == "-" {
            rest = rest.dropFirst()
            guard let hours = number(2, then: ":"), let minutes = number(2, then: nil) else { return nil }
            offset = (hours * 3600 + minutes * 60) * (sign == "+" ? 1 : -1)
        } else if rest == "Z" || rest == "z" {
            rest = ""
        }
        guard rest.isEmpty else { return nil }
        let seconds = days(fromCivil: year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        let total = seconds * 1000 + milliseconds
        return total < 0 ? nil : EpochMilliseconds(total)
    }

    private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": proleptic Gregorian calendar in eras of 400 years.
    private static func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func days(fromCivil year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
