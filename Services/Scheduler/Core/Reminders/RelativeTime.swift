/// A span of time as a member writes it: `10m`, `1h30m`, `2 days`, `1w`.
///
/// Units: s, m (or min), h, d, w, their English words, and the first letters that Ukrainian and Russian use (с, хв, м,
/// мин, г, ч, год, д, т, н). Parts add up; a number without a unit means minutes.
struct RelativeTime: Equatable {
    let seconds: Int64

    /// Reads the text; nil when anything in it is neither a number nor a unit, or the sum is beyond 100 years.
    init?(_ text: String) {
        var total: Int64 = 0
        var rest = Substring(text.lowercased())
        var parts = 0
        while true {
            rest = rest.drop { $0 == " " || $0 == "," }
            if rest.isEmpty { break }
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let value = Int64(digits), value <= longest else { return nil }
            rest = rest.dropFirst(digits.count).drop { $0 == " " }
            let unit = rest.prefix { $0.isLetter }
            guard let length = unitSeconds[String(unit)] else { return nil }
            rest = rest.dropFirst(unit.count)
            // Both factors are bounded, so that neither the product nor the sum can overflow.
            total += value * length
            parts += 1
            guard total <= longest else { return nil }
        }
        guard parts > 0 else { return nil }
        seconds = total
    }
}

private let longest: Int64 = 100 * 366 * 86_400

private let unitSeconds: [String: Int64] = {
    let units: [(Int64, [String])] = [
        (1, ["s", "sec", "secs", "second", "seconds", "с", "сек"]),
        (60, ["", "m", "min", "mins", "minute", "minutes", "м", "мин", "хв"]),
        (3_600, ["h", "hr", "hrs", "hour", "hours", "ч", "час", "г", "год"]),
        (86_400, ["d", "day", "days", "д", "дн", "день"]),
        (604_800, ["w", "week", "weeks", "н", "нед", "т", "тиж"]),
    ]
    return units.reduce(into: [:]) { table, unit in
        for name in unit.1 { table[name] = unit.0 }
    }
}()
