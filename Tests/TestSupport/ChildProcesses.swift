import Foundation

/// The processes below a process, as Linux's /proc shows them.
package enum ChildProcesses {
    package struct Entry: Sendable {
        package let id: Int32
        package let parent: Int32
        /// The executable's file name; cut at 15 characters by the kernel only in `comm`, not here.
        package let executable: String
    }

    /// Children, their children and so on.
    package static func descendants(of root: Int32) -> [Entry] {
        let all = snapshot()
        var found: [Entry] = []
        var parents: Set<Int32> = [root]
        while !parents.isEmpty {
            let children = all.filter { parents.contains($0.parent) }
            found += children
            parents = Set(children.map(\.id))
        }
        return found
    }

    private static func snapshot() -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.compactMap { id in
            guard let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8),
                let parent = status.split(separator: "\n").first(where: { $0.hasPrefix("PPid:") })
                    .flatMap({ Int32($0.dropFirst(5).trimmingCharacters(in: .whitespaces)) })
            else { return nil }
            let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/exe")) ?? ""
            return Entry(id: id, parent: parent, executable: URL(filePath: path).lastPathComponent)
        }
    }
}
