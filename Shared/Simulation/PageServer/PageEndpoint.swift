import FoundationEssentials
import Hummingbird
import NIOCore

/// The page at `/`: the files of `Page`, as they are, with the headers that keep a page safe.
///
/// The files are a resource of this module. They are found beside the executable, where SwiftPM puts resources, or else
/// in the checkout that the executable was built from; nothing is built, bundled or fetched. Only files that were there
/// at the start are served, and each is read when it is asked for.
package struct PageEndpoint: SimulatedEndpoint {
    /// The files could not be found.
    package struct FilesNotFound: Error, CustomStringConvertible {
        /// Where they were looked for.
        package let folders: [String]

        package var description: String { "the page's files are in none of: \(folders.joined(separator: ", "))" }
    }

    private static let types = [
        "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8", "json": "application/json", "svg": "image/svg+xml",
    ]

    /// Scripts and styles of our own only; pictures of this machine's doubles; no frame around the page.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
        + "img-src 'self' data: http://127.0.0.1:* http://localhost:*; form-action 'none'; frame-ancestors 'none'"

    private let folder: String
    /// Paths below the folder.
    private let files: [String]

    /// - Parameter folder: where the files are; nil looks for them.
    /// - Throws: ``FilesNotFound``
    package init(folder: String? = nil) throws {
        let candidates = folder.map { [$0] } ?? Self.candidates
        guard let found = candidates.first(where: { FileManager.default.fileExists(atPath: "\($0)/index.html") }) else {
            throw FilesNotFound(folders: candidates)
        }
        self.folder = found
        files = try FileManager.default.subpathsOfDirectory(atPath: found)
            .filter { name in Self.types.keys.contains { name.hasSuffix(".\($0)") } }
            .sorted()
    }

    private static var candidates: [String] {
        let bundle = "ensemble_Simulation.resources/Page"
        let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let beside = executable.map { path in
            "\(path.prefix(path.lastIndex(of: "/").map { path.distance(from: path.startIndex, to: $0) } ?? 0))/\(bundle)"
        }
        let source = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        return [beside, "/\(source)/Page"].compactMap { $0 }
    }

    package func addRoutes(to router: SimulationRouter) {
        for file in files {
            router.get(RouterPath("/\(file)")) { _, _ in response(file) }
        }
        router.get("/") { _, _ in response("index.html") }
    }

    private func response(_ file: String) -> Response {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(file)") else {
            return Response(status: .notFound)
        }
        var headers: HTTPFields = [
            .contentType: Self.types[String(file.split(separator: ".").last ?? "")] ?? "application/octet-stream",
            .cacheControl: "no-cache",
            .contentSecurityPolicy: Self.policy,
        ]
        headers[.xContentTypeOptions] = "nosniff"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: data)))
    }
}
