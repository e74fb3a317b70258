// Disks that fill up to the last block, below the page log and below the catalog: found so at start, and while in use.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("Full disks", .enabled(if: LoopVolume.isUsable))
  struct FullDiskTests {
    @Test(
      "a worker killed and started again on a full disk serves its pages from there, and heals when there is room",
      arguments: [0, 64 << 10, 256 << 10, 1 << 20], [SIGKILL, SIGTERM])
    func volumeAtStart(room: Int, signal: Int32) async throws {
      try await blocking {
        let disk = try LoopVolume()
        let fixture = try VolumeFixture("\(disk.path)/v")
        try fixture.fillVolume()
        if signal == SIGTERM {
          #expect(fixture.daemon.process.stop(within: .seconds(20)) == .code(0))
        } else {
          fixture.daemon.process.signal(SIGKILL)
          #expect(fixture.daemon.process.wait(.seconds(20)) != nil)
        }
        try disk.fill(leaving: room)
        // Twice: what a start leaves behind does not stop the next one.
        for _ in 0..<2 {
          let next = try fixture.successor()
          #expect(try eventually { try next.metric("penstock_volume_restored") == 1 })
          try fixture.expectAllRight(from: next)
          let fetched = try next.metric("alluxio_external_data_read_bytes_total") ?? 0
          #expect(
            fetched <= Double(VolumeFixture.fileSize), "\(fetched) bytes came from the source")
          if room == 0 {
            // Of a last block or two the log may still take a record.
            let isTold = eventually(.seconds(5)) {
              next.logText.contains("the disk is full: free some of it")
            }
            let state = try next.metric("penstock_volume_state")
            #expect(state == (isTold ? 1 : 0), "\(next.logText)")
          }
          next.process.signal(SIGKILL)
          #expect(next.process.wait(.seconds(20)) != nil)
        }
        let last = try fixture.successor()
        disk.empty()
        #expect(try eventually(.seconds(60)) { try last.metric("penstock_volume_state") == 0 })
        try fixture.expectAllRight(from: last)
        #expect(last.process.stop(within: .seconds(20)) == .code(0))
      }
    }

    @Test("a new volume that leaves its log no room says so, serves, and heals")
    func noRoomForLog() async throws {
      try await blocking {
        let disk = try LoopVolume()
        // As much as the file of pages needs, and nothing beside it.
        try disk.fill(leaving: 34 << 20)
        let fixture = try VolumeFixture("\(disk.path)/v")
        #expect(fixture.logs("the page log may need"))
        for _ in 0..<2 { try fixture.expectAllRight() }
        disk.empty()
        try fixture.fillVolume()
        fixture.fixture.expectAlive()
      }
    }

    @Test(
      "a metastore on a full disk stops no start, and is written when there is room",
      arguments: [true, false])
    func catalogAtStart(isNew: Bool) async throws {
      try await blocking {
        let (disk, scratch) = (try LoopVolume(), try ScratchDirectory("volume"))
        let options = ["-Dalluxio.dora.worker.metastore.rocksdb.dir=\(disk.path)/m/catalog"]
        if isNew { _ = try disk.fill() }
        let fixture = try VolumeFixture(scratch.path("v"), options: options)
        if !isNew {
          try fixture.fillVolume()
          fixture.daemon.process.signal(SIGKILL)
          #expect(fixture.daemon.process.wait(.seconds(20)) != nil)
          _ = try disk.fill()
        }
        let daemon = isNew ? fixture.daemon : try fixture.successor(options: options)
        #expect(eventually { daemon.logText.contains("catalog of cached files") })
        #expect(daemon.logText.contains("is full: free some of it"), "\(daemon.logText)")
        for _ in 0..<2 { try fixture.expectAllRight(from: daemon) }
        try fixture.writeNewFile("new")
        // A file is cached, and noted, once it is old enough to be told from a later one.
        let isTold = try eventually(.seconds(30)) {
          let isRight = try fixture.readsNewFile("new", from: daemon)
          #expect(isRight)
          return daemon.logText.contains("cannot be written: its disk is full")
        }
        #expect(isTold, "\(daemon.logText)")
        disk.empty()
        let isWritten = eventually(.seconds(60)) { daemon.logText.contains("is written again") }
        #expect(isWritten, "\(daemon.logText)")
        #expect(daemon.process.stop(within: .seconds(20)) == .code(0))
      }
    }

    @Test("a metastore whose disk fills up under a running worker stops nothing, and heals")
    func catalogInUse() async throws {
      try await blocking {
        let (disk, scratch) = (try LoopVolume(), try ScratchDirectory("volume"))
        let fixture = try VolumeFixture(
          scratch.path("v"),
          options: ["-Dalluxio.dora.worker.metastore.rocksdb.dir=\(disk.path)/m"])
        try fixture.fillVolume()
        // A file that was written just now is served and neither cached nor noted: these are read until they are old enough.
        let names = (0..<100).map { "new-\($0)" }
        for name in names { try fixture.writeNewFile(name) }
        try disk.fill(leaving: 0)
        let isNoticed = try eventually(.seconds(60)) {
          for name in names {
            let isRight = try fixture.readsNewFile(name, from: fixture.daemon)
            #expect(isRight, "\(name)")
          }
          return fixture.daemon.logText.contains("cannot be written: its disk is full")
        }
        #expect(isNoticed, "\(fixture.daemon.logText)")
        for next in 0..<20 {
          try fixture.writeNewFile("more-\(next)")
          #expect(try fixture.readsNewFile("more-\(next)", from: fixture.daemon))
        }
        try fixture.expectAllRight()
        disk.empty()
        #expect(eventually(.seconds(60)) { fixture.daemon.logText.contains("is written again") })
        fixture.fixture.expectAlive()
        #expect(fixture.daemon.process.stop(within: .seconds(20)) == .code(0))
      }
    }

    @Test("a volume whose disk fills up under a running worker takes no pages, and heals")
    func volumeInUse() async throws {
      try await blocking {
        let disk = try LoopVolume()
        let fixture = try VolumeFixture("\(disk.path)/v")
        try fixture.fillVolume()
        let names = (0..<200).map { "new-\($0)" }
        for name in names { try fixture.writeNewFile(name) }
        try disk.fill(leaving: 0)
        // The last block of the log takes a few records more: many pages, each with one, need another block.
        let isFull = try eventually(.seconds(60)) {
          for name in names {
            let isRight = try fixture.readsNewFile(name, from: fixture.daemon)
            #expect(isRight, "\(name)")
          }
          return try fixture.volume("state") == 1
        }
        #expect(isFull, "\(fixture.daemon.logText)")
        #expect(fixture.logs("the disk is full: free some of it"))
        for _ in 0..<2 { try fixture.expectAllRight() }
        disk.empty()
        #expect(try fixture.waitFor(state: 0, .seconds(60)), "\(fixture.daemon.logText)")
        fixture.fixture.expectAlive()
        #expect(fixture.daemon.process.stop(within: .seconds(20)) == .code(0))
      }
    }
  }
}
