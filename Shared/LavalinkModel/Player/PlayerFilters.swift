/// The sound filters of a player. Sending them replaces all earlier ones; an empty object clears them.
///
/// A field that is nil keeps the node's default and is left out. A node refuses a filter that it has disabled.
package struct PlayerFilters: Hashable, Sendable, Codable {
    package struct Band: Hashable, Sendable, Codable {
        /// 0 (25 Hz) to 14 (16 kHz).
        package var band: Int
        /// -0.25 to 1.0. Always sent: the protocol's default for a missing gain is 1.0, which is loud.
        package var gain: Double

        package init(band: Int, gain: Double) {
            self.band = band
            self.gain = gain
        }
    }

    package struct Karaoke: Hashable, Sendable, Codable {
        package var level: Double?
        package var monoLevel: Double?
        /// Hertz.
        package var filterBand: Double?
        /// Hertz.
        package var filterWidth: Double?

        package init(
            level: Double? = nil,
            monoLevel: Double? = nil,
            filterBand: Double? = nil,
            filterWidth: Double? = nil
        ) {
            self.level = level
            self.monoLevel = monoLevel
            self.filterBand = filterBand
            self.filterWidth = filterWidth
        }
    }

    package struct Timescale: Hashable, Sendable, Codable {
        package var speed: Double?
        package var pitch: Double?
        package var rate: Double?

        package init(speed: Double? = nil, pitch: Double? = nil, rate: Double? = nil) {
            self.speed = speed
            self.pitch = pitch
            self.rate = rate
        }

        /// How much faster than the wall clock the position runs.
        package var factor: Double {
            (speed ?? 1) * (rate ?? 1)
        }
    }

    /// Tremolo (loudness) and vibrato (pitch).
    package struct Oscillation: Hashable, Sendable, Codable {
        /// Hertz, above 0; a vibrato's at most 14.
        package var frequency: Double?
        /// Above 0, at most 1.
        package var depth: Double?

        package init(frequency: Double? = nil, depth: Double? = nil) {
            self.frequency = frequency
            self.depth = depth
        }
    }

    package struct Rotation: Hashable, Sendable, Codable {
        package var rotationHz: Double

        package init(rotationHz: Double) {
            self.rotationHz = rotationHz
        }
    }

    package struct Distortion: Hashable, Sendable, Codable {
        package var sinOffset: Double?
        package var sinScale: Double?
        package var cosOffset: Double?
        package var cosScale: Double?
        package var tanOffset: Double?
        package var tanScale: Double?
        package var offset: Double?
        package var scale: Double?

        package init() {}
    }

    /// Each factor is 0 to 1.
    package struct ChannelMix: Hashable, Sendable, Codable {
        package var leftToLeft: Double?
        package var leftToRight: Double?
        package var rightToLeft: Double?
        package var rightToRight: Double?

        package init() {}
    }

    package struct LowPass: Hashable, Sendable, Codable {
        /// At most 1 switches it off.
        package var smoothing: Double

        package init(smoothing: Double) {
            self.smoothing = smoothing
        }
    }

    /// 0 to 5, beside the player's own volume.
    package var volume: Double?
    package var equalizer: [Band]?
    package var karaoke: Karaoke?
    package var timescale: Timescale?
    package var tremolo: Oscillation?
    package var vibrato: Oscillation?
    package var rotation: Rotation?
    package var distortion: Distortion?
    package var channelMix: ChannelMix?
    package var lowPass: LowPass?
    /// By plugin name.
    package var pluginFilters: [String: OpaqueJSON]?

    package init() {}
}
