import Foundation
import Synchronization

/// A terminal without a person: what a program draws on it can be read.
final class Pseudoterminal: Sendable {
    struct Unavailable: Error {}

    /// The end for the program.
    let device: FileHandle
    private let drawn = Mutex<[UInt8]>([])

    init(columns: UInt16, rows: UInt16) throws {
        var controller: Int32 = -1
        var terminal: Int32 = -1
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard openpty(&controller, &terminal, nil, nil, &size) == 0 else { throw Unavailable() }
        for descriptor in [controller, terminal] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        device = FileHandle(fileDescriptor: terminal, closeOnDealloc: true)
        // Ends when the last program has closed its end.
        Thread.detachNewThread { [controller, weak self] in
            var chunk = [UInt8](repeating: 0, count: 16 << 10)
            while true {
                let count = read(controller, &chunk, chunk.count)
                guard count > 0 else { break }
                self?.drawn.withLock { $0 += chunk[..<count] }
            }
            close(controller)
        }
    }

    /// Our own hold on the program's end goes once the program has it.
    func closeDevice() { try? device.close() }

    /// Everything that was written, with its escape sequences.
    var text: String { drawn.withLock { String(decoding: $0, as: UTF8.self) } }

    /// The lines of the last frame that is whole, without colours.
    var lines: [String] {
        let text = text
        guard let end = text.range(of: "\u{1B}[J", options: .backwards),
            let start = text.range(of: "\u{1B}[H", options: .backwards, range: text.startIndex..<end.lowerBound)
        else { return [] }
        let frame = text[start.upperBound..<end.lowerBound]
            .replacingOccurrences(of: "\u{1B}\\[[0-9;]*[A-Za-z]", with: "", options: .regularExpression)
        return frame.replacingOccurrences(of: "\r", with: "").split(separator: "\n").map(String.init)
    }
}
