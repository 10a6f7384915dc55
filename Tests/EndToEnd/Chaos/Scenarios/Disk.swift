import Foundation
import TestSupport
import Testing

/// A disk that is full, in a stack of its own: its journal lies on a small one.
extension ChaosTests {
    static let fullDisk = "the journal's disk is full"

    @Test(
        "the journal's disk is full, and then it is not",
        .enabled(if: Chaos.isWhole, "it takes too long for make test: make chaos has it"),
        .enabled(if: Chaos.takes(fullDisk), "others were asked for"),
        .enabled(if: Chaos.isIsolated, "only root may give a run disks of its own"),
        arguments: Chaos.seeds
    )
    func theDiskIsFull(seed: UInt64) async throws {
        let disk = URL(filePath: "/tmp/ensemble-disk-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
        do {
            try await SystemCommand.run("mount", "-t", "tmpfs", "-o", "size=24m,mode=755", "tmpfs", disk.path)
            try await Troupe.withTroupe { troupe in
                var stage = Stage(troupe, steps: Chaos.steps, again: "CHAOS_SEED=\(seed)", seed: seed)
                try await Traffic.beginMusic(troupe)
                try await fill(disk, &stage)
            }
        } catch {
            try? await SystemCommand.run("umount", "--lazy", disk.path)
            throw error
        }
        try await SystemCommand.run("umount", disk.path)
        try FileManager.default.removeItem(at: disk)
    }

    private func fill(_ disk: URL, _ stage: inout Stage) async throws {
        let troupe = stage.troupe
        let begin = ContinuousClock.now
        try await moveJournal(to: disk, troupe)
        try await stage.act(steps: stage.steps / 3)
        let ballast = disk.appending(path: "ballast")
        // Until there is no room: that it ends with an error is what it is for.
        try? await SystemCommand.run("dd", "if=/dev/zero", "of=\(ballast.path)", "bs=64k")
        // Pages that the table has already are filled before it wants more of the disk.
        try await stage.act(until: "the gateway says that the journal takes nothing, and why", within: .seconds(120)) {
            stage in
            for index in 0..<40 {
                let talk = "talk \(index) " + String(repeating: "and so on ", count: 150)
                try await stage.troupe.playground.write(talk, as: "bob", in: "general")
            }
            return stage.troupe.log.split(separator: "\n").contains {
                $0.contains("the journal takes nothing") && $0.contains("No space left on device")
            }
        }
        try await stage.act(steps: stage.steps)
        try FileManager.default.removeItem(at: ballast)
        try await eventually("the gateway says that it goes on", within: .seconds(60)) {
            troupe.log.contains("the journal takes events again")
        }
        try await stage.act(steps: stage.steps / 3)
        try await stage.settle(Self.fullDisk)
        Chaos.report("\(Self.fullDisk): nothing lost, nothing doubled", since: begin)
    }

    /// The journal's partitions and those to come, with their indexes.
    private func moveJournal(to disk: URL, _ troupe: Troupe) async throws {
        let place = disk.appending(path: "journal")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
        let data = try FileManager.default.attributesOfItem(atPath: troupe.folder.path + "/postgres/data")
        let owner = data.filter { [.ownerAccountID, .groupOwnerAccountID].contains($0.key) }
        try FileManager.default.setAttributes(owner, ofItemAtPath: place.path)
        let script = """
            CREATE TABLESPACE small LOCATION '\(place.path)';
            ALTER TABLE journal SET TABLESPACE small;
            SELECT format('ALTER TABLE %s SET TABLESPACE small', inhrelid::regclass) FROM pg_inherits
            WHERE inhparent = 'journal'::regclass \\gexec
            SELECT format('ALTER INDEX %s SET TABLESPACE small', indexrelid::regclass) FROM pg_index
            WHERE indrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'journal'::regclass) \\gexec
            """
        try await troupe.runSQL(script)
    }
}
