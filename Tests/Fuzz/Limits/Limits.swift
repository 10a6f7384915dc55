import FuzzSupport
import NIOHTTP1

@testable import DiscordREST

/// Discord's limit headers: whatever they say, a wait is none or up to an hour, and a bucket that learns from them goes on.
///
/// The first byte is the kind of the answer; lines `name: value` follow, an empty one, and the body.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLimits(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzz(data, count) { bytes in
        guard let first = bytes.first else { return }
        var headers = HTTPHeaders()
        var rest = bytes.dropFirst()
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            // The HTTP parser lets no other names through.
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), line[..<colon].allSatisfy({ $0 < 0x80 }) else {
                break
            }
            let value = String(decoding: line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
            headers.add(name: String(decoding: line[..<colon], as: UTF8.self), value: value)
        }
        let report = LimitReport(headers, status: first & 1 == 0 ? 200 : 429, body: Array(rest))
        let waits: ClosedRange<Duration> = .zero ... .seconds(3600)
        if let wait = report.resetAfter { require(waits.contains(wait), "a reset after \(wait)") }
        if let wait = report.rejection?.retryAfter { require(waits.contains(wait), "a retry after \(wait)") }
        require((report.rejection == nil) == (first & 1 == 0), "a rejection is a 429")
        learn(report)
    }
}

/// Learns it twice, with requests in flight, and asks for every lane.
private func learn(_ report: LimitReport) {
    var bucket = Bucket()
    var now = ContinuousClock.now
    for _ in 0..<2 {
        for _ in 0..<3 { bucket.take() }
        bucket.inFlight -= 1
        bucket.learn(report, now)
        for lane in RequestLane.allCases {
            if case .later(let instant) = bucket.ask(lane) { require(instant >= now, "later is in the past") }
        }
        now += .seconds(7200)
        bucket.refresh(now)
        if case .known(let limit, let available, _) = bucket.limit {
            require(available >= 0 && available <= limit, "\(available) of \(limit)")
        }
    }
}
