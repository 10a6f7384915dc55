import FuzzSupport
import LLM

/// Server-sent events: the same events however the bytes are cut, and those that a plain reading of the standard gives.
///
/// The first byte says how they are cut; if it is odd, events are limited to 64 bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEventStreams(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzz(data, count) { bytes in
        guard let first = bytes.first else { return }
        let rest = UnsafeRawBufferPointer(rebasing: bytes.dropFirst())
        let limit = first & 1 == 1 ? 64 : 1 << 20
        var cuts = Cuts(seed: first)
        let whole = events(of: [rest], limit)
        require(whole == events(of: cuts.pieces(of: rest), limit), "other events when it is cut")
        if let whole {
            for event in whole { require(event.data.utf8.count <= limit * 3, "more than the limit") }
            if limit > 64 { require(whole == expected(rest), "\(whole) is not \(expected(rest))") }
        }
    }
}

/// Nil if an event was too large.
private func events(of chunks: [UnsafeRawBufferPointer], _ limit: Int) -> [ServerSentEvent]? {
    var parser = ServerSentEventParser(limit: limit)
    var events: [ServerSentEvent] = []
    do throws(LanguageModelError) {
        for chunk in chunks { events += try parser.feed(chunk) }
    } catch {
        return nil
    }
    return events + (parser.end().map { [$0] } ?? [])
}

/// The standard's steps, one after the other, on the whole text.
private func expected(_ bytes: UnsafeRawBufferPointer) -> [ServerSentEvent] {
    var lines: [[UInt8]] = [[]]
    var index = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    while index < bytes.count {
        switch bytes[index] {
        case 0x0D:
            if index + 1 < bytes.count, bytes[index + 1] == 0x0A { index += 1 }
            lines.append([])
        case 0x0A: lines.append([])
        default: lines[lines.count - 1].append(bytes[index])
        }
        index += 1
    }
    // What no line end follows is no line.
    lines.removeLast()
    var events: [ServerSentEvent] = []
    var name = ""
    var data: [String] = []
    for line in lines + [[]] {
        if line.isEmpty {
            if !data.isEmpty { events.append(ServerSentEvent(name: name, data: data.joined(separator: "\n"))) }
            (name, data) = ("", [])
            continue
        }
        let field = line.prefix { $0 != UInt8(ascii: ":") }
        var value = line.dropFirst(field.count + 1)
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch Array(field) {
        case Array("data".utf8): data.append(String(decoding: value, as: UTF8.self))
        case Array("event".utf8): name = String(decoding: value, as: UTF8.self)
        default: break
        }
    }
    return events
}
