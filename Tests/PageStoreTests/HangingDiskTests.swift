// A disk that hangs without an error: those who wait are let go, what the device has is not used again before it answers.

import Glibc
import Model
import Synchronization
import Testing

@testable import PageStore

@Suite("A disk that hangs", .timeLimit(.minutes(1)))
struct HangingDiskTests {
  private static let second: UInt64 = 1_000_000_000

  @Test("half of the limit ends new pages, all of it puts the disk out and lets its readers go")
  func states() async throws {
    let clock = TestClock()
    let tiers = try TieredStore(memory: 2, [(.ssd, 8)], clock: clock)
    for number in 0..<4 {
      tiers.store.put(key(number), now: UInt64(number) + 1)
      await tiers.saveAll()
    }
    let (disk, health) = (tiers.disks[0], tiers.disks[0].health)
    tiers.devices[0].hang()
    async let place = tiers.place(of: key(0), now: 100)
    await until { tiers.devices[0].hangingCount == 1 }
    clock.advance(4 * Self.second)
    disk.checkProgress()
    #expect(health.state == .healthy)
    clock.advance(1 * Self.second)
    disk.checkProgress()
    #expect(health.state == .degraded && !disk.acceptsPages && disk.acceptsReads)
    #expect(disk.statistics.timeouts == 0)
    clock.advance(5 * Self.second)
    disk.checkProgress()
    #expect(await place == "stuck")
    #expect(health.state == .faulted && disk.isStuck && disk.statistics.timeouts == 1)
    #expect(health.reason.contains("no answer since 10.0 s"))
    #expect(await tiers.place(of: key(1), now: 101) == "nowhere", "new reads skip it")
    #expect(tiers.store.statistics.unreadable == 0, "its pages are kept for its return")
    #expect(tiers.store.checkInvariants() == [])
    tiers.devices[0].answer()
    #expect(!disk.isStuck)
  }

  @Test("probes wait for the answer that is owed, and bring the disk back after it")
  func returns() async throws {
    let clock = TestClock()
    let tiers = try TieredStore(memory: 2, [(.ssd, 8)], clock: clock)
    let disk = tiers.disks[0]
    tiers.store.put(key(0), now: 1)
    tiers.devices[0].hang()
    async let saved: Void = tiers.saveAll()
    await until { tiers.devices[0].hangingCount == 1 }
    clock.advance(11 * Self.second)
    disk.checkProgress()
    await saved
    for _ in 0..<100 {
      clock.advance(Self.second)
      disk.checkProgress()
      await disk.probeIfDue(isPresent: true)
    }
    #expect(disk.health.state == .faulted && disk.health.counts.failedProbes == 0)
    #expect(tiers.devices[0].hangingCount == 1, "nothing more was asked of it")
    tiers.devices[0].answer()
    for _ in 0..<200 where disk.health.state != .healthy {
      clock.advance(Self.second)
      disk.checkProgress()
      await disk.probeIfDue(isPresent: true)
    }
    #expect(disk.health.state == .healthy)
    #expect(tiers.store.checkInvariants() == [])
  }

  @Test("a page whose write hangs goes to another disk, and its run is not used before the answer")
  func writes() async throws {
    let clock = TestClock()
    let tiers = try TieredStore(memory: 4, [(.ssd, 4), (.ssd, 4)], clock: clock)
    tiers.devices[0].hang()
    tiers.store.put(key(0), now: 1)
    async let saved: Void = tiers.saveAll()
    await until { tiers.devices[0].hangingCount == 1 }
    let used = tiers.disks[0].used
    #expect(used > 0)
    clock.advance(20 * Self.second)
    tiers.disks[0].checkProgress()
    await saved
    #expect(tiers.store.statistics.saved == 1 && tiers.disks[1].used == used)
    #expect(tiers.disks[0].used == used, "the device may still write there")
    #expect(tiers.store.checkInvariants() == [])
    tiers.store.evict(toUsed: 0)
    #expect(await tiers.place(of: key(0), now: 9) == "memory", "the device reads that memory")
    tiers.devices[0].answer()
    #expect(tiers.disks[0].used == 0)
    tiers.store.evict(toUsed: 0)
    #expect(await tiers.place(of: key(0), now: 10) == "ssd")
    #expect(tiers.store.checkInvariants() == [])
  }

  @Test("a page that only the hanging disk would take stays in memory and may leave it later")
  func givenUp() async throws {
    let clock = TestClock()
    let tiers = try TieredStore(memory: 2, [(.ssd, 4)], clock: clock)
    tiers.devices[0].hang()
    tiers.store.put(key(0), now: 1)
    async let saved: Void = tiers.saveAll()
    await until { tiers.devices[0].hangingCount == 1 }
    clock.advance(20 * Self.second)
    tiers.disks[0].checkProgress()
    await saved
    #expect(tiers.store.statistics.unsaved == 0)
    #expect(await tiers.place(of: key(0), now: 2) == "memory")
    tiers.devices[0].answer()
    tiers.store.evict(toUsed: 0)
    #expect(await tiers.place(of: key(0), now: 3) == "nowhere")
    #expect(tiers.store.checkInvariants() == [])
  }

  @Test("a reader's memory is the device's until it answers, and no byte of it changes later")
  func memory() async throws {
    let device = MemoryDevice(size: 8192)
    let watch = TransferWatch(device: device)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 1)
    device.hang()
    nonisolated(unsafe) let buffer = memory
    async let end = watch.run(now: 5) { $0.read(into: buffer, at: 0, for: $1) }
    await until { device.hangingCount == 1 }
    #expect(watch.oldestAge(now: 12) == 7)
    watch.release()
    let hold = try #require(await end.hold)
    #expect(await end.result == -ETIMEDOUT)
    #expect(!hold.isReturned && memory[0] == 1 && watch.oldestAge(now: 12) == 7)
    let refused = await watch.run(now: 6) { $0.read(into: buffer, at: 0, for: $1) }
    #expect(refused.result == -ETIMEDOUT && refused.hold == nil, "it gets no more to swallow")
    let isFreed = Flag()
    hold.whenReturned {
      #expect(buffer[0] == 0xEE, "the device was done with it")
      isFreed.set()
      buffer.deallocate()
    }
    #expect(!isFreed.isSet)
    device.answer()
    #expect(isFreed.isSet && hold.isReturned && !watch.isStuck)
    #expect(watch.oldestAge(now: 12) == nil)
  }

  @Test("abandoned disks let everybody go and start nothing any more")
  func abandon() async throws {
    let tiers = try TieredStore(memory: 2, [(.ssd, 4)])
    tiers.store.put(key(0), now: 1)
    tiers.devices[0].hang()
    async let saved: Void = tiers.saveAll()
    await until { tiers.devices[0].hangingCount == 1 }
    tiers.store.abandonDisks()
    await saved
    await tiers.store.flush()
    #expect(tiers.disks[0].isStuck && tiers.devices[0].hangingCount == 1)
    tiers.store.closeDisks()
    #expect(!tiers.logs[0].isClosed, "the log of a disk that hangs is left")
    tiers.devices[0].answer()
  }

  @Test("a scrubber goes on with other memory when a disk keeps what it had")
  func scrub() async throws {
    let clock = TestClock()
    let tiers = try TieredStore(memory: 2, [(.ssd, 4)], clock: clock)
    tiers.store.put(key(0), now: 1)
    await tiers.saveAll()
    let buffer = TransferBuffer(tiers.store.readBufferSize)
    #expect(buffer.prepare())
    let before = buffer.memory.baseAddress
    tiers.devices[0].hang()
    let (store, device, disk) = (tiers.store, tiers.devices[0], tiers.disks[0])
    async let freed: Void = {
      await until { device.hangingCount == 1 }
      clock.advance(20 * Self.second)
      disk.checkProgress()
    }()
    for number in 0..<PageIndex.stripeCount {
      var local: UInt32 = 1
      while await store.core.scrubNext(number, from: &local, through: buffer) != nil {}
    }
    await freed
    #expect(buffer.memory.baseAddress == nil && store.scrubStatus.lost == 0)
    #expect(buffer.prepare() && buffer.memory.baseAddress != before)
    device.answer()
  }

  /// Waits until `isTrue`, which another task brings about.
  private func until(_ isTrue: () -> Bool) async { while !isTrue() { await Task.yield() } }
}

/// Time that a test moves.
final class TestClock: Sendable {
  private let time = Atomic<UInt64>(1)
  var now: UInt64 { time.load(ordering: .relaxed) }
  func advance(_ nanoseconds: UInt64) { time.add(nanoseconds, ordering: .relaxed) }
}

/// Something that happens once.
private final class Flag: Sendable {
  private let value = Atomic<Bool>(false)
  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}
