// Volumes that are not there at the start, and disks that come back as others, or are others.

import DaemonDriver
import Foundation
import Testing

extension Integration {
  @Suite("Volumes that return")
  struct VolumeReturnTests {
    @Test(
      "a disk that comes back as another device serves what is on it, without a restart",
      .enabled(if: LoopVolume.isUsable))
    func another() async throws {
      try await blocking {
        let disk = try LoopVolume()
        let fixture = try VolumeFixture("\(disk.path)/v")
        try fixture.fillVolume()
        try disk.detach()
        #expect(try fixture.waitFor(state: 2))
        #expect(fixture.logs("is not there: mount its disk"))
        #expect(names(in: disk.path) == [], "nothing is made below the mount")
        try disk.insertCopy()
        #expect(try fixture.waitFor(state: 0, .seconds(120)), "\(fixture.daemon.logText)")
        #expect(fixture.logs("another file is where the pages of volume"))
        #expect(!fixture.daemon.logText.contains("is another one than before"))
        let before = try fixture.daemon.metric("alluxio_external_data_read_bytes_total") ?? 0
        try fixture.expectAllRight()
        let fetched = try fixture.daemon.metric("alluxio_external_data_read_bytes_total") ?? 0
        #expect(fetched - before <= Double(VolumeFixture.fileSize), "its pages are served")
        #expect(try fixture.volume("used_bytes") <= Double(VolumeFixture.quota))
        let written = try fixture.volume("written_bytes_total")
        try fixture.readNewFile("works") { try fixture.volume("written_bytes_total") > written }
        fixture.fixture.expectAlive()
        #expect(fixture.daemon.process.stop(within: .seconds(20)) == .code(0))
      }
    }

    @Test(
      "a new disk in place of one that went is refused by name, and taken in when told",
      .enabled(if: LoopVolume.isUsable))
    func new() async throws {
      try await blocking {
        let disk = try LoopVolume()
        let fixture = try VolumeFixture("\(disk.path)/v")
        try fixture.fillVolume()
        try disk.detach()
        try disk.insertNew()
        #expect(try fixture.waitFor(state: 2))
        try makeDirectories("\(disk.path)/v")
        #expect(
          eventually(.seconds(60)) { fixture.daemon.logText.contains("lies on another device") })
        let readiness = try fixture.readiness()
        #expect(readiness.status == 503 && readiness.text.contains("mount its disk"))
        try fixture.expectAllRight()
        #expect(names(in: "\(disk.path)/v") == [])
        try writeBytes([], to: "\(disk.path)/v/penstock.new")
        #expect(try fixture.waitFor(state: 0, .seconds(120)), "\(fixture.daemon.logText)")
        #expect(names(in: "\(disk.path)/v") == ["penstock"])
        #expect(fixture.logs("is another one than before") && fixture.logs("new volume of"))
        try fixture.fillVolume()
        fixture.fixture.expectAlive()
        #expect(fixture.daemon.process.stop(within: .seconds(20)) == .code(0))
      }
    }

    @Test("a volume whose directory is removed under a running worker comes back empty")
    func removed() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("volume")
        let fixture = try VolumeFixture(scratch.path("v"))
        try fixture.fillVolume()
        removeTree("\(fixture.directory)/penstock")
        #expect(try fixture.waitFor(state: 2))
        try fixture.expectAllRight()
        #expect(try fixture.waitFor(state: 0, .seconds(120)), "\(fixture.daemon.logText)")
        try fixture.fillVolume()
        fixture.fixture.expectAlive()
        #expect(fixture.daemon.process.stop(within: .seconds(20)) == .code(0))
      }
    }

    @Test(
      "a worker starts without a disk that is not mounted, says so, and takes it in when it is",
      .enabled(if: LoopVolume.isUsable))
    func notMounted() async throws {
      try await blocking {
        let disk = try LoopVolume()
        let scratch = try ScratchDirectory("work")
        let work = ["-Dalluxio.work.dir=\(scratch.path("w"))"]
        let fixture = try VolumeFixture("\(disk.path)/v", options: work)
        try fixture.fillVolume()
        #expect(fixture.daemon.process.stop(within: .seconds(20)) == .code(0))
        try disk.detach()
        try makeDirectories("\(disk.path)/v")
        let next = try fixture.successor(options: work, isWhole: false)
        let readiness = try fixture.readiness(of: next)
        #expect(readiness.status == 503)
        #expect(
          readiness.text.contains("\(disk.path)/v") && readiness.text.contains("mount its disk"))
        let isTold = eventually {
          next.logText.contains("it cannot be opened")
            && next.logText.contains("penstock.worker.readiness.require.tiers")
        }
        #expect(isTold, "\(next.logText)")
        #expect(try next.metric("penstock_volume_state") == 2)
        #expect(try next.metric("penstock_volume_restored") == 0)
        let status = try HTTPConnection(port: next.ports.web).request("GET", "/v1/cache/status")
        #expect(status.text.contains("FAULTED") && status.text.contains("mount its disk"))
        try fixture.expectAllRight(from: next)
        #expect(names(in: "\(disk.path)/v") == [])
        removeTree("\(disk.path)/v")
        try disk.mount()
        #expect(
          try eventually(.seconds(120)) { try next.metric("penstock_volume_state") == 0 },
          "\(next.logText)")
        #expect(try fixture.readiness(of: next).status == 200)
        let before = try next.metric("alluxio_external_data_read_bytes_total") ?? 0
        try fixture.expectAllRight(from: next)
        #expect(try next.metric("alluxio_external_data_read_bytes_total") == before)
        #expect(next.process.stop(within: .seconds(20)) == .code(0))
      }
    }

    @Test("a volume of another cluster stops no start, and joins when it is moved away")
    func anotherCluster() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("volume")
        let fixture = try VolumeFixture(scratch.path("v"))
        #expect(fixture.daemon.process.stop(within: .seconds(20)) == .code(0))
        let next = try fixture.successor(
          options: ["-Dalluxio.cluster.name=other"], isWhole: false)
        let readiness = try fixture.readiness(of: next)
        #expect(readiness.status == 503 && readiness.text.contains("belongs to the cluster"))
        try fixture.expectAllRight(from: next)
        let pages = "\(fixture.directory)/penstock/pages"
        #expect(rename(pages, scratch.path("away")) == 0)
        #expect(
          try eventually(.seconds(120)) { try next.metric("penstock_volume_state") == 0 },
          "\(next.logText)")
        try fixture.expectAllRight(from: next)
        #expect(next.process.stop(within: .seconds(20)) == .code(0))
      }
    }

    @Test("a port that is taken ends the start before a volume is made")
    func takenPort() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("volume")
        let holder = try PortHolder(listening: true)
        let run = try CommandRun(
          [Binaries.penstockd] + DaemonProcess.options(.free(), work: scratch.path("w"))
            + VolumeFixture.settings(scratch.path("v"))
            + ["-Dalluxio.worker.web.port=\(holder.port)"])
        #expect(run.status == .code(69))
        #expect(
          run.errors.contains("\(holder.port)") && run.errors.contains("alluxio.worker.web.port"),
          "\(run.errors)")
        #expect(!names(in: scratch.path).contains("v"))
      }
    }

    @Test("a volume that cannot be opened is no complaint where tiers are not required")
    func notRequired() async throws {
      try await blocking {
        let scratch = try ScratchDirectory("volume")
        let fixture = try VolumeFixture(scratch.path("v"))
        #expect(fixture.daemon.process.stop(within: .seconds(20)) == .code(0))
        let next = try fixture.successor(options: [
          "-Dalluxio.cluster.name=other", "-Dpenstock.worker.readiness.require.tiers=false",
        ])
        #expect(try next.metric("penstock_volume_state") == 2)
        try fixture.expectAllRight(from: next)
        #expect(next.process.stop(within: .seconds(20)) == .code(0))
      }
    }
  }
}
