package import Foundation

/// The executables of the build that the tests belong to.
package enum BuiltProducts {
    /// The folder that holds them: the test bundle's own.
    package static let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    /// The checkout that the tests were built from.
    package static let checkout = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    package static func executable(_ name: String) -> URL {
        folder.appending(path: name)
    }
}
