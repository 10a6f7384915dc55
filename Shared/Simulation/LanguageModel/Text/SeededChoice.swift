/// Random choices that depend on nothing but a seed text: the same request always gets the same answer.
struct SeededChoice: RandomNumberGenerator {
    private var state: UInt64

    /// Starts from the FNV-1a hash of the text.
    init(seed text: String) {
        state = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 {
            state ^= UInt64(byte)
            state &*= 0x0000_0100_0000_01b3
        }
    }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// One of the texts; empty when there is none.
    mutating func pick(_ texts: [String]) -> String {
        texts.randomElement(using: &self) ?? ""
    }
}
