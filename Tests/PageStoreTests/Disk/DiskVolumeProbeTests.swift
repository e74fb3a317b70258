import Glibc
import Model
import Synchronization
import Testing

@testable import PageStore

@Suite("DiskVolume probes")
struct DiskVolumeProbeTests {
  private static let second: UInt64 = 1_000_000_000

  @Test("a probe touches one block before the pages, and no page")
  func place() async throws {
    let test = try TestVolume(pageSize: 64 << 10)
    let page = try await test.write(key(1), length: 50_000)
    _ = test.device.takeLog()
    let isRight = await test.volume.probe()
    #expect(isRight)
    let log = test.device.takeLog()
    #expect(log.map(\.isWrite) == [true, false])
    #expect(log.allSatisfy { $0.range == 0..<4096 })
    #expect(await test.read(0..<50_000, of: page) == .bytes(0..<50_000))
  }

  @Test(
    "a probe fails when the device fails, and when it forgets", arguments: [EIO, EROFS, ENOSPC])
  func failure(errno: Int32) async throws {
    let test = try TestVolume(pageSize: 64 << 10)
    test.device.fail(errno)
    let isRight = await test.volume.probe()
    #expect(!isRight)
  }

  @Test("a volume that is out returns by probes, unless it is not where it was configured")
  func returns() async throws {
    let health = VolumeHealth(now: 0)
    let clock = ManualTime()
    let layout = DiskLayout(pageSize: 64 << 10)
    let volume = try DiskVolume(
      DiskVolume.Parts(
        device: MemoryDevice(size: 4096 + 4 * layout.unitsPerBlock * 4096), dataOffset: 4096,
        log: MemoryLog(), id: TestVolume.id, pageSize: 64 << 10, blockCount: 4, slotCount: 64,
        health: health, now: { clock.now }))
    health.failed(read: true, errno: ENODEV, now: clock.now)
    for _ in 0..<100 {
      clock.advance(Self.second)
      await volume.probeIfDue(isPresent: false)
    }
    #expect(health.state == .faulted)
    #expect(health.counts.failedProbes > 3)
    for _ in 0..<200 where health.state != .healthy {
      clock.advance(Self.second)
      await volume.probeIfDue(isPresent: true)
    }
    #expect(health.state == .healthy)
    #expect(health.takeTransition()?.to == .faulted)
    #expect(health.takeTransition()?.to == .degraded)
    #expect(health.takeTransition()?.to == .healthy)
  }
}

/// Time that a test moves.
private final class ManualTime: Sendable {
  private let time = Atomic<UInt64>(1)
  var now: UInt64 { time.load(ordering: .relaxed) }
  func advance(_ nanoseconds: UInt64) { time.add(nanoseconds, ordering: .relaxed) }
}
