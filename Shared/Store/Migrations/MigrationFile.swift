import Crypto
import FoundationEssentials

/// One file of the ordered set, `NNNN_name.sql`.
struct MigrationFile: Hashable {
    let number: Int
    /// The file's name.
    let name: String
    let script: String
    /// SHA-256 of the content, in hexadecimal.
    let checksum: String

    /// - Throws: when the name is not of that shape.
    init(name: String, content: [UInt8]) throws(StoreError) {
        let stem = name.hasSuffix(".sql") ? name.dropLast(4) : ""
        let digits = stem.prefix { $0 != "_" }
        guard digits.count == 4, let number = Int(digits), number > 0, stem.count > 5 else {
            throw StoreError(.migration, "\(name): expected a name of the form 0001_purpose.sql")
        }
        self.number = number
        self.name = name
        script = String(decoding: content, as: UTF8.self)
        checksum = SHA256.hash(data: content).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    /// The line of a position that the server gave, in characters from 1.
    func line(at position: Int) -> Int {
        1 + script.unicodeScalars.prefix(max(position - 1, 0)).count { $0 == "\n" }
    }

    /// Reads a folder's files in order.
    /// - Throws: when the folder cannot be read, is empty, or two files have one number.
    static func read(folder: String) throws(StoreError) -> [MigrationFile] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw StoreError(.migration, "\(folder): cannot be read; set ENSEMBLE_MIGRATIONS to the migrations' folder")
        }
        var files: [MigrationFile] = []
        for name in names.sorted() where name.hasSuffix(".sql") {
            let path = "\(folder)/\(name)"
            guard let content = FileManager.default.contents(atPath: path) else {
                throw StoreError(.migration, "\(path): cannot be read")
            }
            let file = try MigrationFile(name: name, content: Array(content))
            if let other = files.last, other.number == file.number {
                throw StoreError(.migration, "\(name): \(other.name) has the same number")
            }
            files.append(file)
        }
        guard !files.isEmpty else { throw StoreError(.migration, "\(folder): holds no migrations") }
        return files
    }
}
