import BusContract
import Foundation
import FuzzSupport

/// A call or an outcome that is read without Codable is what Codable reads, and what is written is read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCalls(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzz(data, count) { bytes in
        check(ExecuteREST.self, bytes)
        check(RESTOutcome.self, bytes)
    }
}

private func check<Message: DirectJSON & Equatable>(_ type: Message.Type, _ bytes: UnsafeRawBufferPointer) {
    let general = Result { try JSONDecoder().decode(Message.self, from: Data(bytes)) }
    if let direct = Message(directly: bytes) {
        guard case .success(let message) = general else { return require(false, "Codable refuses it: \(general)") }
        require(direct == message, "\(direct) is not \(message)")
    }
    guard case .success(let message) = general else { return }
    var json = JSONBytes()
    message.write(to: &json)
    let again = try? JSONDecoder().decode(Message.self, from: Data(json.bytes))
    require(again == message, "written as \(String(decoding: json.bytes, as: UTF8.self))")
}
