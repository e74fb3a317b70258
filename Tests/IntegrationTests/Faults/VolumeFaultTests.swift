// Disks that rot, fill up, turn read-only, fail and vanish under a running daemon.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("Faults of a volume")
  struct VolumeFaultTests {
    @Test(
      "a volume serves what memory no longer holds, without asking the source")
    func served() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("volume")
        let fixture = try VolumeFixture(scratch.path("v"))
        try fixture.fillVolume()
        let before = try fixture.daemon.metric("alluxio_external_data_read_bytes_total") ?? 0
        try fixture.expectAllRight()
        #expect(try fixture.daemon.metric("alluxio_external_data_read_bytes_total") == before)
        #expect(try fixture.volume("read_bytes_total") > 0)
        #expect(try fixture.volume("state") == 0)
      }
    }

    @Test(
      "after a stop or a kill the volume's pages are served without the source, at once",
      arguments: [SIGTERM, SIGKILL])
    func restart(signal: Int32) async throws {
      try await blocking {
        let scratch = try ScratchDirectory("volume")
        let fixture = try VolumeFixture(scratch.path("v"))
        // A kill loses pages whose records were not written yet: these were, long ago.
        try fixture.fillVolume()
        if signal == SIGTERM {
          #expect(fixture.daemon.process.stop(within: .seconds(20)) == .code(0))
        } else {
          fixture.daemon.process.signal(SIGKILL)
          #expect(fixture.daemon.process.wait(.seconds(20)) != nil)
        }
        let next = try fixture.successor()
        #expect(try eventually { try next.metric("penstock_volume_restored") == 1 })
        try fixture.expectAllRight(from: next)
        let fetched = try next.metric("alluxio_external_data_read_bytes_total") ?? 0
        let allowed = signal == SIGTERM ? 0 : Double(VolumeFixture.fileSize)
        #expect(fetched <= allowed, "\(fetched) bytes came from the source")
        let used = try next.metric("penstock_volume_used_bytes") ?? 0
        #expect(used <= Double(VolumeFixture.quota))
      }
    }

    @Test("1,000 flipped bits are misses and metrics, never wrong bytes")
    func rot() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("volume")
        let fixture = try VolumeFixture(scratch.path("v"))
        try fixture.fillVolume()
        try flipBits(1000, of: "\(fixture.directory)/penstock/pages", seed: 42)
        for _ in 0..<3 { try fixture.expectAllRight() }
        #expect(try fixture.volume("corrupt_pages_total") > 16)
        #expect(try fixture.volume("quarantined_bytes") > 0)
        #expect(try fixture.waitFor(state: 1), "many corrupt pages end new pages")
        #expect(fixture.logs("corrupt pages in 60 s"))
        #expect(try fixture.readiness().status == 200, "a DEGRADED volume is still there")
        fixture.fixture.expectAlive()
      }
    }

    @Test(
      "a file system filled to the last block stops nothing", .enabled(if: LoopVolume.isUsable))
    func full() async throws {
      try await blocking {
        let disk = try LoopVolume()
        let fixture = try VolumeFixture("\(disk.path)/v")
        try fixture.expectAllRight()
        #expect(try disk.fill() > 0)
        for _ in 0..<3 { try fixture.expectAllRight() }
        #expect(try fixture.volume("used_bytes") <= Double(VolumeFixture.quota))
        fixture.fixture.expectAlive()
      }
    }

    @Test(
      "a quota that the file system has no room for is one clear line, and a failure",
      .enabled(if: LoopVolume.isUsable))
    func noRoom() async throws {
      try await blocking {
        let disk = try LoopVolume()
        let scratch = try ScratchDirectory("work")
        func start(_ quota: Int) throws -> CommandRun {
          try CommandRun(
            [Binaries.penstockd] + DaemonProcess.options(.free(), work: scratch.path("w"))
              + VolumeFixture.settings("\(disk.path)/v", quota: quota))
        }
        let huge = try start(1 << 50)
        #expect(huge.status == .code(78))
        #expect(huge.errors.contains("page.store.sizes asks for"), "\(huge.errors)")
        let larger = try start(1 << 30)
        #expect(larger.status == .code(78))
        #expect(larger.errors.contains("page.store.sizes") && larger.errors.contains("has"))
        _ = try disk.fill()
        let full = try start(32 << 20)
        #expect(full.status == .code(78))
        #expect(full.errors.contains("free and"), "\(full.errors)")
      }
    }

    @Test(
      "a file system that turns read-only takes no new pages, and serves those it has",
      .enabled(if: LoopVolume.isUsable))
    func readOnly() async throws {
      try await blocking {
        let disk = try LoopVolume()
        let fixture = try VolumeFixture("\(disk.path)/v")
        try fixture.expectAllRight()
        try disk.abort()
        // New bytes need new pages, and those a write.
        let bytes = patterned(4 << 20, seed: 100)
        try writeBytes(bytes, to: "\(fixture.fixture.folder)/new")
        try setTime(of: "\(fixture.fixture.folder)/new", secondsAgo: 100)
        let connection = try fixture.fixture.objects()
        let isNoticed = try eventually {
          #expect(identical(try connection.request("GET", "/data/new").body, bytes))
          return try fixture.volume("state") == 1
        }
        #expect(isNoticed, "a write fails")
        #expect(try fixture.volume("errors_total", "kind=\"write\"") > 0)
        #expect(fixture.logs("a write failed with EROFS"))
        #expect(try fixture.readiness().status == 200, "a DEGRADED volume is still there")
        for _ in 0..<2 { try fixture.expectAllRight() }
        fixture.fixture.expectAlive()
      }
    }

    @Test(
      "a disk that fails its reads goes out; its pages come from the source",
      .enabled(if: LoopVolume.isUsable))
    func failedReads() async throws {
      try await blocking {
        let disk = try LoopVolume()
        let fixture = try VolumeFixture("\(disk.path)/v")
        try fixture.fillVolume()
        try disk.cutImage(to: 1 << 20)
        for _ in 0..<3 { try fixture.expectAllRight() }
        #expect(try fixture.waitFor(state: 2))
        #expect(try fixture.volume("errors_total", "kind=\"read\"") >= 10)
        let readiness = try fixture.readiness()
        #expect(readiness.status == 503 && readiness.text.contains("\(disk.path)/v"))
        #expect(fixture.logs("FAULTED"))
      }
    }

    @Test(
      "a mount that vanishes in use puts its volume out, and its return brings it back",
      .enabled(if: LoopVolume.isUsable))
    func vanished() async throws {
      try await blocking {
        let disk = try LoopVolume()
        let fixture = try VolumeFixture("\(disk.path)/v")
        try fixture.fillVolume()
        try disk.detach()
        #expect(try fixture.waitFor(state: 2))
        for _ in 0..<2 { try fixture.expectAllRight() }
        let readiness = try fixture.readiness()
        #expect(readiness.status == 503 && readiness.text.contains("FAULTED"))
        try disk.mount()
        #expect(try fixture.waitFor(state: 0, .seconds(120)), "\(fixture.daemon.logText)")
        try fixture.expectAllRight()
        fixture.fixture.expectAlive()
      }
    }

    @Test(
      "a file system that hangs without an error is out within the limit, and its thaw heals it",
      .enabled(if: LoopVolume.isUsable))
    func frozen() async throws {
      try await blocking {
        let disk = try LoopVolume()
        let fixture = try VolumeFixture(
          "\(disk.path)/v", options: ["-Dpenstock.worker.page.store.io.timeout=2s"])
        try fixture.fillVolume()
        try disk.freeze()
        defer { try? disk.thaw() }
        try fixture.readNewFile("hangs") { try fixture.volume("state") == 2 }
        #expect(fixture.logs("has no answer since"))
        #expect(try fixture.volume("timeouts_total") > 0 && fixture.volume("stuck") == 1)
        for _ in 0..<2 { try fixture.expectAllRight() }
        #expect(try fixture.readiness().status == 503)
        try disk.thaw()
        #expect(try fixture.waitFor(state: 0, .seconds(60)), "\(fixture.daemon.logText)")
        #expect(try fixture.volume("stuck") == 0)
        let written = try fixture.volume("written_bytes_total")
        try fixture.readNewFile("works") {
          try fixture.volume("written_bytes_total") > written
        }
        try fixture.expectAllRight()
        fixture.fixture.expectAlive()
      }
    }

    @Test("memory is kept over a planned restart where an operator said so, and not over a kill")
    func keptMemory() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("memory")
        let content = patterned(8 << 20, seed: 3)
        let options = [
          "-Dpenstock.worker.page.store.memory.save.dir=\(scratch.path("saved"))",
          "-Dalluxio.dora.worker.metastore.rocksdb.dir=\(scratch.path("metastore"))",
        ]
        let fixture = try Fixture(options: options) { folder in
          try writeBytes(content, to: "\(folder)/a")
          try setTime(of: "\(folder)/a", secondsAgo: 100)
        }
        func start() throws -> DaemonProcess {
          try DaemonProcess(
            Binaries.penstockd, ports: try .free(),
            options: ["--mount", "/data=file://\(fixture.folder)"] + Fixture.memory + options)
        }
        func read(_ daemon: DaemonProcess) throws -> Double {
          let body = try HTTPConnection(port: daemon.ports.object).request("GET", "/data/a").body
          #expect(identical(body, content))
          return try daemon.metric("alluxio_external_data_read_bytes_total") ?? 0
        }
        #expect(try read(fixture.daemon) > 0)
        #expect(fixture.daemon.process.stop(within: .seconds(20)) == .code(0))
        #expect(fixture.daemon.logText.contains("memory saved"))
        let next = try start()
        #expect(eventually { next.logText.contains("memory loaded") }, "\(next.logText)")
        #expect(try read(next) == 0, "its pages are there")
        let files = try HTTPConnection(port: next.ports.web)
          .request("GET", "/v1/cache/files?path=/data").text
        #expect(files.contains("/data/a"), "and its entry: \(files)")
        next.process.signal(SIGKILL)
        #expect(next.process.wait(.seconds(20)) != nil)
        let last = try start()
        #expect(try read(last) > 0, "what was saved is used once")
      }
    }

    @Test(
      "a worker starts without a volume that hangs, and takes it in when it answers",
      .enabled(if: LoopVolume.isUsable))
    func frozenAtStart() async throws {
      try await blocking {
        let disk = try LoopVolume()
        let fixture = try VolumeFixture("\(disk.path)/v")
        try fixture.fillVolume()
        #expect(fixture.daemon.process.stop(within: .seconds(20)) == .code(0))
        try disk.freeze()
        defer { try? disk.thaw() }
        let begin = ContinuousClock.now
        let next = try fixture.successor(options: [
          "-Dpenstock.worker.page.store.io.timeout=2s",
          "-Dpenstock.worker.readiness.require.tiers=false",
        ])
        #expect(begin.duration(to: .now) < .seconds(15))
        #expect(
          eventually { next.logText.contains("volume \(disk.path)/v does not answer") },
          "\(next.logText)")
        #expect(try next.metric("penstock_volume_state") == 2)
        try fixture.expectAllRight(from: next)
        try disk.thaw()
        #expect(
          try eventually(.seconds(60)) { try next.metric("penstock_volume_restored") == 1 },
          "\(next.logText)")
        #expect(
          try eventually(.seconds(60)) { try next.metric("penstock_volume_state") == 0 },
          "\(next.logText)")
        let fetched = try next.metric("alluxio_external_data_read_bytes_total") ?? 0
        try fixture.expectAllRight(from: next)
        let more = try (next.metric("alluxio_external_data_read_bytes_total") ?? 0) - fetched
        #expect(more == 0, "its pages of before the stop are there")
        #expect(next.process.stop(within: .seconds(20)) == .code(0))
      }
    }

    @Test(
      "while the disk of the catalog hangs files are read, and what needs it is refused by name",
      .enabled(if: LoopVolume.isUsable))
    func frozenCatalog() async throws {
      try await blocking {
        let disk = try LoopVolume()
        let scratch = try ScratchDirectory("volume")
        let fixture = try VolumeFixture(
          scratch.path("v"),
          options: [
            "-Dalluxio.dora.worker.metastore.rocksdb.dir=\(disk.path)/m",
            "-Dpenstock.worker.page.store.io.timeout=1s",
            "-Dalluxio.worker.shutdown.timeout=6s",
          ])
        try fixture.expectAllRight()
        try disk.freeze()
        defer { try? disk.thaw() }
        try fixture.readNewFile("hangs") {
          try fixture.daemon.metric("penstock_catalog_stuck") == 1
        }
        try fixture.expectAllRight()
        let operations = try HTTPConnection(port: fixture.daemon.ports.web)
        let begin = ContinuousClock.now
        let answer = try operations.request("GET", "/v1/cache/files?path=/data")
        #expect(answer.status == 503 && answer.text.contains("metastore.rocksdb.dir"))
        #expect(try operations.request("GET", "/v1/cache/status").text.contains("catalogAnswers"))
        #expect(begin.duration(to: .now) < .seconds(5))
        fixture.daemon.process.signal(SIGTERM)
        let isStopped = eventually(.seconds(15)) { fixture.daemon.logText.contains("stopped") }
        #expect(isStopped, "\(fixture.daemon.logText)")
        #expect(fixture.daemon.logText.contains("do not answer and are left"))
        try disk.thaw()
        #expect(fixture.daemon.process.wait(.seconds(20)) == .code(0))
      }
    }

    @Test(
      "a stop does not wait for a disk that hangs beyond its one limit",
      .enabled(if: LoopVolume.isUsable))
    func stopWhileFrozen() async throws {
      try await blocking {
        let disk = try LoopVolume()
        let fixture = try VolumeFixture(
          "\(disk.path)/v", options: ["-Dalluxio.worker.shutdown.timeout=4s"])
        try fixture.fillVolume()
        try disk.freeze()
        defer { try? disk.thaw() }
        // A page waits to be written, and its write for the disk.
        try fixture.readNewFile("hangs") {
          try fixture.daemon.metric("penstock_unsaved_pages") != 0
        }
        let begin = ContinuousClock.now
        fixture.daemon.process.signal(SIGTERM)
        let isStopped = eventually(.seconds(12)) { fixture.daemon.logText.contains("stopped") }
        #expect(isStopped, "\(fixture.daemon.logText)")
        #expect(begin.duration(to: .now) < .seconds(8))
        #expect(fixture.daemon.logText.contains("do not answer and are left"))
        // Threads that the kernel holds in a write keep the process until the disk answers.
        try disk.thaw()
        #expect(fixture.daemon.process.wait(.seconds(20)) == .code(0))
      }
    }
  }
}
