#if canImport(Glibc)
import Glibc
#endif

/// The terminal that we were started from, if any.
enum Terminal {
    /// Whether a person watches standard output.
    static var isPresent: Bool {
        isatty(STDOUT_FILENO) == 1
    }

    /// Columns and rows.
    static var size: (width: Int, height: Int) {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return (80, 40) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Writes text at once.
    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDOUT_FILENO, bytes, bytes.count)
    }

    /// The alternate screen: what stood on the terminal before comes back at the end.
    static func enterScreen() { write("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J") }

    /// Back to what stood there before.
    static func leaveScreen() { write("\u{1B}[?25h\u{1B}[?1049l") }
}
