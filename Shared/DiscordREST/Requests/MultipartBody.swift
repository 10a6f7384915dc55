/// Files and JSON as `multipart/form-data` (RFC 7578), in the fields that Discord names.
struct MultipartBody {
    let contentType: String
    let bytes: [UInt8]

    init(json: [UInt8], files: [DiscordRequest.File], boundary: String) {
        contentType = "multipart/form-data; boundary=\(boundary)"
        var bytes: [UInt8] = []
        bytes.reserveCapacity(json.count + files.reduce(0) { $0 + $1.data.count + 300 } + 300)
        func add(_ text: String) { bytes += text.utf8 }
        if !json.isEmpty {
            add("--\(boundary)\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n")
            add("Content-Type: application/json\r\n\r\n")
            bytes += json
            add("\r\n")
        }
        for (index, file) in files.enumerated() {
            add("--\(boundary)\r\nContent-Disposition: form-data; name=\"files[\(index)]\"; ")
            add(
                "filename=\"\(Self.quotable(file.name))\"\r\nContent-Type: \(Self.headerValue(file.contentType))\r\n\r\n"
            )
            bytes += file.data
            add("\r\n")
        }
        add("--\(boundary)--\r\n")
        self.bytes = bytes
    }

    /// A boundary that no file contains but by a chance of 2^-128.
    static func randomBoundary() -> String {
        "ensemble-" + String(UInt64.random(in: .min ... .max), radix: 36)
            + String(UInt64.random(in: .min ... .max), radix: 36)
    }

    /// A file name that cannot end its quotes or its line.
    private static func quotable(_ name: String) -> String {
        String(
            name.unicodeScalars.filter { $0 != "\"" && $0 != "\\" && $0.value >= 0x20 && $0 != "/" }.map(Character.init)
        )
    }

    private static func headerValue(_ value: String) -> String {
        let isPlain = !value.isEmpty && value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        return isPlain ? value : "application/octet-stream"
    }
}

extension String {
    /// Percent-encoded UTF-8 of all but unreserved characters (RFC 3986).
    var percentEncoded: String {
        var encoded = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += digits.utf8.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return encoded
    }
}
