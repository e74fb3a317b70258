// The volume of the disk bench: one ring, tasks that write or read pages as fast as the disk lets them.

import DaemonDriver
import Glibc
import Model
import PageStore
import Ring
import Synchronization

/// A volume full of pages and the ring that uses it.
@safe final class DiskBench: @unchecked Sendable {
  static let pageSize = 1 << 20
  private static let depthMax = 64
  let pageCount: Int
  private let file: VolumeFile
  private let volume: DiskVolume
  private let reactor: Reactor
  private let arenas: ArenaSet
  // SAFETY: used by tasks of the one ring, or before and after them.
  private var pages: [DiskPage] = []
  private(set) var bytesGiven = 0
  private let next = Atomic<Int>(0)

  /// A new volume of `size` bytes in `directory`.
  init(directory: String, size: Int) throws {
    file = try VolumeFile.open(
      VolumeFile.Options(
        directory: directory, cluster: "bench", pageSize: DiskBench.pageSize, quota: size, now: 0))
    for notice in file.notices { print(notice) }
    let blocks = size / (257 * 4096)
    volume = try file.makeVolume(
      slotCount: blocks + 2, tier: .ssd, node: 0, number: 0,
      health: VolumeHealth(now: AccessTime.now), now: { AccessTime.now })
    volume.restore { _ in nil }
    pageCount = volume.quota / (257 * 4096)
    reactor = try Reactor(options: Reactor.Options(cpu: 0))
    arenas = try ArenaSet(
      name: "bench", nodes: [0], capacityPerNode: 128 << 20, extentSize: 32 << 20)
    _ = try arenas.arenas[0].commit(upTo: 128 << 20)
    let arenas = arenas
    reactor.wait { [reactor] in reactor.attach(arenas) }
    let memory = buffer(0)
    var random = SystemRandomNumberGenerator()
    for word in 0..<(128 << 20) / 8 {
      unsafe memory.baseAddress?.storeBytes(
        of: random.next(), toByteOffset: word * 8, as: UInt64.self)
    }
  }

  var device: String { "O_DIRECT \(file.device.isDirect ? "yes" : "no")" }
  var statistics: DiskVolumeStatistics { volume.statistics }

  func close() {
    volume.close()
    file.close()
    reactor.stop()
  }

  /// Room of task `number`: two MiB of an arena.
  private func buffer(_ number: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: arenas.base + number << 21, count: 2 << 20)
  }

  private static func key(_ number: Int) -> PageKey {
    PageKey(file: FileKey(high: 1, low: 2), index: UInt32(number))
  }

  /// Writes pages in order for `seconds`, or each of them once.
  func write(depth: Int, seconds: Double) -> DiskFigure {
    let isFirst = pages.isEmpty
    if isFirst {
      for number in 0..<pageCount {
        let unit = volume.take(257, for: UInt32(number + 1)) ?? 0
        pages.append(
          DiskPage(key: DiskBench.key(number), length: DiskBench.pageSize, unit: unit, root: 0))
      }
    }
    return run(depth: depth, seconds: seconds, countMax: isFirst ? pageCount : .max) {
      [self] number, task in
      let place = number % pageCount
      let page = pages[place]
      let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer(task)[..<page.length])
      bytesGiven += page.length
      guard case .written(let root) = await volume.write(bytes, key: page.key, at: page.unit) else {
        return false
      }
      pages[place].root = root
      volume.record(
        StoredPage(
          unit: page.unit, key: page.key, length: page.length, root: root,
          sequence: volume.nextSequence(), filledAt: 0))
      return true
    }
  }

  /// Reads `length` bytes at a time, whole pages in order or parts at random.
  func read(depth: Int, length: Int, verify: Bool, seconds: Double) -> DiskFigure {
    run(depth: depth, seconds: seconds, countMax: .max) { [self] number, task in
      var (page, start) = (number % pageCount, 0)
      if length < DiskBench.pageSize {
        var word = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        page = Int(word >> 32) % pageCount
        start = Int(word & 255) * 4096
      }
      let outcome = await volume.read(
        start..<start + length, of: pages[page], into: buffer(task), verify: verify)
      if case .bytes = outcome { return true }
      return false
    }
  }

  /// Runs `depth` tasks that take numbers until the time or the numbers are over.
  private func run(
    depth: Int, seconds: Double, countMax: Int,
    _ body: @escaping @Sendable (_ number: Int, _ task: Int) async -> Bool
  ) -> DiskFigure {
    let first = next.load(ordering: .relaxed)
    let (start, cpu) = (AccessTime.now, Figures.processCPU)
    let end = seconds.isFinite ? start + UInt64(seconds * 1e9) : UInt64.max
    let failures = reactor.wait { [self] in
      await withTaskGroup(of: Int.self) { group in
        for task in 0..<depth {
          group.addTask { [self] in
            var failures = 0
            while AccessTime.now < end {
              let number = next.add(1, ordering: .relaxed).oldValue
              if number - first >= countMax { break }
              if await !body(number, task) { failures += 1 }
            }
            return failures
          }
        }
        return await group.reduce(0, +)
      }
    }
    let time = Double(AccessTime.now - start) / 1e9
    if failures > 0 { print("\(failures) operations failed") }
    let count = min(countMax, next.load(ordering: .relaxed) - first)
    return DiskFigure(
      perSecond: Double(count) / time, cpu: Double(Figures.processCPU - cpu) / 1e9 / time)
  }
}
