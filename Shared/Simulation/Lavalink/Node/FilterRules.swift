/// Which filters there are and what their values may be.
package enum FilterRules {
    /// Filters that `GET /v4/info` lists.
    package static let names = [
        "volume", "equalizer", "karaoke", "timescale", "tremolo", "vibrato", "distortion", "rotation", "channelMix",
        "lowPass",
    ]

    /// Throws 400 for a filter that is off, or a value out of its range.
    static func check(_ filters: JSONValue, disabled: Set<String>) throws(LavalinkError) {
        guard let members = filters.objectValue else { throw LavalinkError(400, "filters must be an object") }
        let off = members.keys.filter(disabled.contains).sorted()
        if !off.isEmpty {
            throw LavalinkError(400, "Following filters are disabled in the config: \(off.joined(separator: ", "))")
        }
        if let volume = filters["volume"]?.doubleValue, !(0...5).contains(volume) {
            throw LavalinkError(400, "Filter volume must be between 0.0 and 5.0")
        }
        for band in filters["equalizer"]?.arrayValue ?? [] {
            guard let number = band["band"]?.integerValue, (0...14).contains(number) else {
                throw LavalinkError(400, "Equalizer band must be between 0 and 14")
            }
            guard (-0.25...1).contains(band["gain"]?.doubleValue ?? 1) else {
                throw LavalinkError(400, "Equalizer gain must be between -0.25 and 1.0")
            }
        }
        for name in ["speed", "pitch", "rate"] {
            if let value = filters["timescale"]?[name]?.doubleValue, value <= 0 {
                throw LavalinkError(400, "Timescale \(name) must be greater than 0")
            }
        }
        for (name, limit) in [("tremolo", Double.infinity), ("vibrato", 14)] {
            if let frequency = filters[name]?["frequency"]?.doubleValue, frequency <= 0 || frequency > limit {
                throw LavalinkError(400, "\(name) frequency is out of range")
            }
            if let depth = filters[name]?["depth"]?.doubleValue, depth <= 0 || depth > 1 {
                throw LavalinkError(400, "\(name) depth must be greater than 0 and at most 1")
            }
        }
    }

    /// How much faster than time a track runs under these filters.
    static func speed(of filters: JSONValue) -> Double {
        let timescale = filters["timescale"]
        return (timescale?["speed"]?.doubleValue ?? 1) * (timescale?["rate"]?.doubleValue ?? 1)
    }
}
