import EnsembleCore
import Foundation
import Testing

@Suite("What doctor says of the routing plan")
struct DoctorTests {
    private func findings(_ plan: String?) throws -> [Finding] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "doctor-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: "routing.yaml")
        try plan.map { try Data($0.utf8).write(to: file) }
        let environment = ["ENSEMBLE_CONFIG": folder.path, "ENSEMBLE_STATE": folder.path]
        return Doctor(installation: Installation(environment: environment, programs: folder.path)).examine()
            .filter { $0.text.contains("rout") }
    }

    @Test("Nothing without one; its routes and the instances that it needs; a mistake with its line")
    func plans() throws {
        #expect(try findings(nil).isEmpty)
        let good = try findings("strategy: load\nbalanced: [\"1\", \"2\"]\nstandby: \"4\"")
        #expect(good.map(\.verdict) == [.good])
        #expect(good.first?.text.contains("routes load; it needs the instances 1, 2, 4") == true)
        let bad = try findings("strategy: load\nbalanced: [\"1\"]\nstandby: \"1\"")
        #expect(bad.map(\.verdict) == [.bad])
        #expect(bad.first?.text.contains("routing.yaml:3: standby: expected an instance") == true)
    }
}
