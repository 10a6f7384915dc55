/// A day in UTC: the same for every member, whatever the host's zone.
struct Day: Hashable {
    /// Days since 1 January 1970.
    let number: Int64

    init(unixMilliseconds: Int64) {
        let seconds = unixMilliseconds / 1_000
        number = seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)
    }

    /// The second at which the next day begins.
    var end: Int64 { (number + 1) * 86_400 }
}
