import EnsembleCore
import FuzzSupport

@testable import ServiceKit

/// What people write into `.env` and configuration files: every text gives values or an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSettings(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    fuzz(data, count) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        var settings = Settings(environment: ["NAME": "value"])
        do throws(ConfigurationError) {
            let values = try DotEnv.parse(text)
            require(values.keys.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy { $0 < 0x80 } }, "a name")
            settings = Settings(environment: values)
        } catch {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count
            require((1...lines).contains(error.line ?? 0), "an error in line \(error.line ?? 0) of \(lines)")
        }
        reference(text, settings)
        if let duration = DurationText.parse(text) { require(duration >= .zero, "\(duration)") }
    }
}

private func reference(_ text: String, _ settings: Settings) {
    do throws(EnvironmentReference.Failure) {
        let resolved = try EnvironmentReference.resolve(text, with: settings)
        if !text.contains("$") { require(resolved == text, "changed without a reference") }
    } catch {
        if case .unset(let name) = error {
            require(EnvironmentReference.names(in: text).contains(name), "\(name) is not among the names")
        }
    }
}
