// A store over one simulated disk, driven step by step: for bugs that a seed found and that shall stay found.

import Glibc
import Model
import PageStore
import SimSupport
import Testing

/// A store with memory and one disk, on a simulated executor.
///
/// Confined to the thread of its test.
final class StoreBench: @unchecked Sendable {
  static let pageSize = 64 << 10
  let executor = SimExecutor(random: SimRandom(seed: 1), isShuffled: false)
  let device: SimDevice
  let log: SimPageLog
  let disk: DiskVolume
  let store: PageStore
  let restored: Int
  /// Ends what a test started beside.
  var isOver = false
  /// What tasks of the test leave for it.
  var notes: [String] = []

  /// A store of `memory` pages over `media`, which has room for `pages`, and what the log's `image` remembers.
  init(
    memory: Int = 4, pages: Int, media: SimMedia? = nil, image: SimPageLog.Image = .init(),
    isClean: Bool = true, _ faults: SimDeviceFaults = SimDeviceFaults()
  ) throws {
    let executor = executor
    // A block before the first page is there for probes.
    let media = media ?? SimMedia(size: 4096 + pages * Self.pageSize)
    device = SimDevice(
      0, media: media, faults: faults, executor: executor, random: SimRandom(seed: 1))
    log = SimPageLog(0, image, executor: executor, random: SimRandom(seed: 1))
    let now: @Sendable () -> UInt64 = { executor.now }
    disk = try DiskVolume(
      DiskVolume.Parts(
        device: device, dataOffset: 4096, log: log, id: VolumeID(high: 1, low: 2),
        pageSize: Self.pageSize,
        blockCount: pages, isClean: isClean, slotCount: PageStore.slotCount(bytes: 64 << 20),
        health: VolumeHealth(now: executor.now), now: now))
    var options = PageStoreOptions()
    options.pageSize = Self.pageSize
    options.seed = 1
    options.clock = now
    options.promotionHits = 0
    store = try PageStore(memory: memory * Self.pageSize, disks: [disk], options: options)
    restored = store.restore(disk: 0).pages
  }

  /// Runs `body` to its end, and the store's savers meanwhile.
  func run(_ body: @escaping @Sendable (StoreBench) async -> Void) {
    let isOver = Flag()
    executor.spawn("saver") { [store] in await store.runSaver() }
    executor.spawn("test") { [self] in
      await body(self)
      isOver.isSet = true
    }
    #expect(executor.run(limit: 1 << 50) { isOver.isSet } == .stopped)
  }

  private final class Flag: @unchecked Sendable { var isSet = false }

  /// The key of page 0 of file `number`.
  static func key(_ number: Int) -> PageKey { PageKey(file: file(number), index: 0) }

  /// The key of file `number`.
  static func file(_ number: Int) -> FileKey { FileKey(high: 9, low: UInt64(number)) }

  /// Fills page 0 of file `number`.
  func fill(_ number: Int) {
    switch store.fill(Self.key(number), length: Self.pageSize, now: executor.now) {
    case .owner(let fill):
      fill.buffer.initializeMemory(as: UInt8.self, repeating: UInt8(number))
      _ = fill.commit(now: executor.now)
    case .rejected(let reason): notes.append("\(reason)")
    default: notes.append("not mine")
    }
  }

  /// Where page 0 of file `number` is, in a word; what is on disk is read.
  func place(of number: Int) async -> String {
    switch store.lookup(Self.key(number), now: executor.now) {
    case .hit: return "memory"
    case .miss: return "nowhere"
    case .stored(let lease):
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: store.readBufferSize, alignment: 4096)
      defer { buffer.deallocate() }
      guard case .bytes = await lease.read(0..<lease.count, into: buffer) else { return "lost" }
      return "disk"
    }
  }
}
