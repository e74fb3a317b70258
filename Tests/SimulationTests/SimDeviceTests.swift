// The device's own promises, and each of its faults.

import Glibc
import PageStore
import SimSupport
import Testing

@Suite("Simulated device")
struct SimDeviceTests {
  /// A device, and aligned memory to move bytes with.
  private final class Bench: @unchecked Sendable {
    let executor: SimExecutor
    let media = SimMedia(size: 1 << 20)
    let device: SimDevice
    let memory: UnsafeMutableRawBufferPointer
    var results: [Int32] = []

    init(seed: UInt64 = 1, _ faults: SimDeviceFaults = SimDeviceFaults()) {
      executor = SimExecutor(random: SimRandom(seed: seed))
      device = SimDevice(
        0, media: media, faults: faults, executor: executor, random: SimRandom(seed: seed))
      memory = .allocate(byteCount: 256 << 10, alignment: 4096)
      memory.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { memory.deallocate() }

    func part(_ offset: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + count])
    }

    /// Runs `body` to its end.
    func run(_ body: @escaping @Sendable (Bench) async -> Void) {
      executor.spawn("bench") { [self] in await body(self) }
      #expect(executor.run(limit: 1 << 40) == .quiescent)
    }

    /// Writes `count` bytes of `value` at `offset`.
    func write(_ value: UInt8, _ count: Int = 4096, at offset: Int64) async {
      let buffer = part(0, count)
      buffer.initializeMemory(as: UInt8.self, repeating: value)
      results.append(await device.write(from: UnsafeRawBufferPointer(buffer), at: offset))
    }

    /// The bytes at `offset` of the medium.
    func bytes(_ count: Int = 4096, at offset: Int64) -> [UInt8] {
      let reader = SimDevice(
        1, media: media, faults: SimDeviceFaults(), executor: executor, random: SimRandom(seed: 1))
      run { _ = await reader.read(into: $0.part(128 << 10, count), at: offset) }
      return Array(part(128 << 10, count))
    }
  }

  private func faults(_ change: (inout SimDeviceFaults) -> Void) -> SimDeviceFaults {
    var faults = SimDeviceFaults()
    change(&faults)
    return faults
  }

  @Test("what was written is read, after a sync also when power is lost")
  func durable() {
    let bench = Bench()
    bench.run {
      await $0.write(7, at: 8192)
      $0.results.append(await $0.device.sync())
    }
    #expect(bench.results == [4096, 0])
    bench.device.crash()
    #expect(bench.bytes(at: 8192) == Array(repeating: 7, count: 4096))
  }

  @Test("what was not synced is kept, lost or torn at sectors when power is lost")
  func torn() {
    var seen: Set<String> = []
    for seed in 1...40 as ClosedRange<UInt64> {
      let bench = Bench(seed: seed, faults { $0.sector = 512 })
      bench.run { await $0.write(9, at: 0) }
      bench.device.crash()
      let bytes = bench.bytes(at: 0)
      let sectors = stride(from: 0, to: 4096, by: 512).map { Set(bytes[$0..<$0 + 512]) }
      #expect(sectors.allSatisfy { $0 == [9] || $0 == [0] }, "SEED=\(seed)")
      let kept = sectors.count { $0 == [9] }
      seen.insert(kept == 0 ? "lost" : kept == 8 ? "kept" : "torn")
    }
    #expect(seen == ["lost", "kept", "torn"])
  }

  @Test("after a loss of power everything fails and nothing reaches the medium")
  func dead() {
    let bench = Bench()
    bench.device.crash()
    bench.run { await $0.write(5, at: 0) }
    bench.device.become(.working)
    bench.run { await $0.write(5, at: 0) }
    #expect(bench.results == [-EIO, -EIO])
    #expect(bench.bytes(at: 0) == Array(repeating: 0, count: 4096))
  }

  @Test("a full, a read-only and a vanished device say so, and come back")
  func states() {
    let bench = Bench()
    bench.run {
      for state in [SimDevice.State.full, .readOnly, .vanished, .working] {
        $0.device.become(state)
        await $0.write(1, at: 0)
      }
      $0.device.become(.vanished)
      $0.results.append(await $0.device.read(into: $0.part(0, 4096), at: 0))
    }
    #expect(bench.results == [-ENOSPC, -EROFS, -ENODEV, 4096, -ENODEV])
  }

  @Test("each fault happens when it is on, and is counted")
  func everyFault() {
    let million = 1_000_000
    let short = Bench(faults { $0.shortRate = million })
    short.run { await $0.write(1, 8192, at: 0) }
    #expect(short.results.allSatisfy { $0 < 8192 && $0 % 512 == 0 })
    let failing = Bench(faults { $0.errorRate = million })
    failing.run { await $0.write(1, at: 0) }
    #expect(failing.results == [-EIO])
    let lossy = Bench(faults { $0.lostWriteRate = million })
    lossy.run { await $0.write(1, at: 0) }
    #expect(lossy.results == [4096])
    #expect(lossy.bytes(at: 0) == Array(repeating: 0, count: 4096))
    let flipping = Bench(faults { $0.flipInTransferRate = million })
    flipping.run { await $0.write(0, at: 0) }
    let flipped = flipping.bytes(at: 0).filter { $0 != 0 }
    #expect(flipped.count == 1 && flipped.allSatisfy { $0.nonzeroBitCount == 1 })
    let astray = Bench(faults { $0.misdirectedWriteRate = million })
    astray.run { await $0.write(3, at: 0) }
    #expect(astray.device.counts.misdirected == 1)
    #expect(astray.bytes(64 << 10, at: 0).first == 0)
  }

  @Test("memory or offsets that are not aligned, or outside, are the store's fault")
  func alignment() {
    let bench = Bench()
    bench.run {
      $0.results.append(await $0.device.read(into: $0.part(8, 4096), at: 0))
      $0.results.append(await $0.device.read(into: $0.part(0, 4096), at: 1 << 20))
      $0.results.append(await $0.device.read(into: $0.part(0, 100), at: 0))
    }
    #expect(bench.results == [-EINVAL, -EINVAL, -EINVAL])
    #expect(bench.device.complaints.count == 3)
  }
}
