/// Reads `multipart/form-data` (RFC 7578) as far as Discord's clients use it: `payload_json` and `files[n]`.
struct MultipartBody {
    private(set) var payload: [UInt8]?
    private(set) var uploads: [MessageDraft.Upload] = []

    /// - Returns: nil when the body is not what its content type says.
    init?(contentType: String, body: [UInt8]) {
        guard let boundary = Self.parameter("boundary", of: contentType) else { return nil }
        let delimiter = Array("--\(boundary)".utf8)
        var position = Self.find(delimiter, in: body, from: 0)
        guard position != nil else { return nil }
        while let start = position {
            let partStart = start + delimiter.count
            if body[partStart...].starts(with: Array("--".utf8)) { return }
            guard let end = Self.find(delimiter, in: body, from: partStart) else { return nil }
            read(body[min(partStart + 2, end)..<max(end - 2, min(partStart + 2, end))])
            position = end
        }
    }

    private mutating func read(_ part: ArraySlice<UInt8>) {
        guard let gap = Self.find(Array("\r\n\r\n".utf8), in: Array(part), from: 0) else { return }
        let head = String(decoding: part.prefix(gap), as: UTF8.self)
        let content = part.dropFirst(gap + 4)
        var disposition = ""
        var contentType: String?
        for line in head.split(whereSeparator: { $0.isNewline }) {
            let lowered = line.lowercased()
            if lowered.hasPrefix("content-disposition:") { disposition = String(line) }
            if lowered.hasPrefix("content-type:") {
                contentType = String(line.dropFirst(13).drop { $0 == " " })
            }
        }
        guard let name = Self.parameter("name", of: disposition) else { return }
        if name == "payload_json" {
            payload = Array(content)
        } else if name.hasPrefix("file") {
            let index = Int(name.filter(\.isNumber)) ?? uploads.count
            let filename = Self.parameter("filename", of: disposition) ?? "unknown"
            uploads.append(
                MessageDraft.Upload(index: index, filename: filename, size: content.count, contentType: contentType)
            )
        }
    }

    private static func parameter(_ name: String, of header: String) -> String? {
        for part in header.split(separator: ";").dropFirst() {
            let sides = part.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, sides[0].drop(while: { $0 == " " }) == name else { continue }
            return String(sides[1].filter { $0 != "\"" })
        }
        return nil
    }

    private static func find(_ needle: [UInt8], in body: [UInt8], from start: Int) -> Int? {
        guard let first = needle.first, body.count >= needle.count else { return nil }
        var index = start
        while index + needle.count <= body.count {
            guard let hit = body[index...].firstIndex(of: first), hit + needle.count <= body.count else { return nil }
            if body[hit..<hit + needle.count].elementsEqual(needle) { return hit }
            index = hit + 1
        }
        return nil
    }
}
