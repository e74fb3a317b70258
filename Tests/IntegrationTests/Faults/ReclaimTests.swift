// Places on a disk that were found bad, and an operator who wants them back.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("Bad places are reclaimed")
  struct ReclaimTests {
    @Test(
      "`cache scrub --reclaim` tests places that were found bad, frees those that hold, and says so"
    )
    func reclaim() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("volume")
        let fixture = try VolumeFixture(scratch.path("v"))
        func scrub(_ arguments: String...) throws -> String {
          let run = try CommandRun(
            [Binaries.penstock, "cache", "scrub"] + arguments
              + ["--worker", "127.0.0.1:\(fixture.daemon.ports.web)"])
          #expect(run.succeeded, "\(run.errors)")
          return run.output
        }
        try fixture.fillVolume()
        // Fewer than make it DEGRADED.
        try flipBits(8, of: "\(fixture.directory)/penstock/pages", from: 8 << 20, seed: 3)
        #expect(try scrub().contains("Scrub State"))
        // To its end: a page found bad while the reclaiming pass goes on would be put aside again.
        let isFound = try eventually(.seconds(60)) {
          try fixture.expectAllRight()
          let status = try scrub("--status")
          return try fixture.volume("quarantined_bytes") > 0
            && status.contains("Scrub State: IDLE") && !status.contains("Passes: 0\n")
        }
        #expect(isFound)
        #expect(try fixture.volume("state") == 0)
        #expect(fixture.logs("a page on disk does not match its checksum"))
        let line = try #require(
          fixture.daemon.logText.split(separator: "\n").first { $0.contains("does not match its") })
        #expect(line.contains("file=/data/") && line.contains("page="), "\(line)")
        #expect(line.contains("volume=\(fixture.directory)") && line.contains("offset="), "\(line)")
        _ = try scrub("--reclaim")
        let isFree = try eventually(.seconds(60)) {
          try scrub("--status").contains("Quarantined: 0B")
        }
        let status = try scrub("--status")
        #expect(isFree && !status.contains("reclaimed: 0B"), "\(status)")
        #expect(try fixture.volume("quarantined_bytes") == 0)
        try fixture.fillVolume()
        fixture.fixture.expectAlive()
        #expect(fixture.daemon.process.stop(within: .seconds(20)) == .code(0))
      }
    }

    @Test(
      "a list of cached files that does not answer ends the start with its name",
      .enabled(if: LoopVolume.isUsable))
    func catalogAtStart() async throws {
      try await blocking {
        let (disk, scratch) = (try LoopVolume(), try ScratchDirectory("volume"))
        try disk.freeze()
        defer { try? disk.thaw() }
        let log = scratch.path("log")
        let process = try ChildProcess(
          [Binaries.penstockd] + DaemonProcess.options(.free(), work: scratch.path("w"))
            + VolumeFixture.settings(scratch.path("v")) + [
              "-Dalluxio.dora.worker.metastore.rocksdb.dir=\(disk.path)/m",
              "-Dpenstock.worker.page.store.io.timeout=1s",
            ], output: log, errors: log)
        let isTold = eventually(.seconds(20)) {
          (try? readText(log))?.contains("does not answer: correct that") ?? false
        }
        let text = try readText(log)
        #expect(isTold && text.contains("the disk of \(disk.path)/m"), "\(text)")
        #expect(text.contains("alluxio.dora.worker.metastore.rocksdb.dir"))
        // The kernel ends a thread in a write when the disk answers.
        try disk.thaw()
        #expect(process.wait(.seconds(20)) == .code(66))
      }
    }
  }
}
