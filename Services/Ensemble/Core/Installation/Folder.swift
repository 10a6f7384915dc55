import FoundationEssentials

#if canImport(Glibc)
import Glibc
#endif

/// The few things that we do with folders and small files.
enum Folder {
    /// A file or folder could not be made or read.
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let code: Int32

        var description: String { "\(path): \(String(cString: strerror(code)))" }
    }

    /// The names in a folder; empty if it cannot be read.
    static func contents(of path: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    }

    /// Makes a folder and the ones above it; the mode is set on the last one.
    static func make(_ path: String, mode: mode_t = 0o755) throws(Failure) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw Failure(path: path, code: errno == 0 ? EACCES : errno)
        }
        guard chmod(path, mode) == 0 else { throw Failure(path: path, code: errno) }
    }

    /// Writes a small file that only its owner can read, in one step.
    static func writePrivate(_ text: String, to path: String) throws(Failure) {
        let temporary = "\(path).\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(path: path, code: errno) }
        let bytes = Array(text.utf8)
        let written = write(descriptor, bytes, bytes.count)
        let failure = errno
        close(descriptor)
        guard written == bytes.count, rename(temporary, path) == 0 else {
            unlink(temporary)
            throw Failure(path: path, code: failure)
        }
    }

    /// The text of a small file without blanks at its ends; nil if it cannot be read.
    static func read(_ path: String) -> String? {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        var text = Substring(String(decoding: data, as: UTF8.self))
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }

    /// A path that does not depend on the working directory.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        return "\(FileManager.default.currentDirectoryPath)/\(path)"
    }
}
