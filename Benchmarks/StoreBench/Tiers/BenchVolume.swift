// A store of a little memory over one disk volume, and the calls that the worker makes of it.

import BenchSupport
import Model
import PageStore
import Ring

/// A store with one disk, its savers at work on one ring.
final class BenchVolume: Sendable {
  /// Pages in flight to the disk.
  static let saverCount = 16
  /// Bytes of a page.
  static let pageSize = 1 << 20

  let store: PageStore
  private let reactor: Reactor
  private let quota: Int
  private let file: VolumeFile

  /// Opens the volume in the directory `path`, which is made when it is not there, and takes its pages over.
  init(
    _ path: String, size: Int, memory: Int, _ verification: PageStoreOptions.Verification,
    _ reactor: Reactor
  ) throws {
    var options = PageStoreOptions()
    options.verification = verification
    // Reads are to come from the disk, each time.
    options.promotionHits = 0
    file = try VolumeFile.open(
      VolumeFile.Options(
        directory: path, cluster: "bench", pageSize: Self.pageSize, quota: size, now: 0))
    let disk = try file.makeVolume(
      slotCount: PageStore.slotCount(bytes: memory + size), tier: .ssd, node: 0, number: 0,
      health: VolumeHealth(now: AccessTime.now), now: { AccessTime.now })
    store = try PageStore(memory: memory, disks: [disk], options: options)
    quota = disk.quota
    self.reactor = reactor
    reactor.wait { [store] in reactor.attach(store.arenas) }
    _ = store.restore(disk: 0)
    for _ in 0..<Self.saverCount {
      reactor.spawn { [store] in await store.runSaver() }
    }
  }

  /// Pages that the volume has room for.
  var pageCount: Int { quota / (Self.pageSize + 4096) }

  private static func key(_ page: Int) -> PageKey {
    // 64 pages to a file.
    PageKey(
      file: FileKey(high: UInt64(page / 64) &* 0x9E37_79B9_7F4A_7C15, low: 1),
      index: UInt32(page % 64))
  }

  /// Fills the pages `range` and waits until all of them are on disk; returns what it took.
  func fill(_ range: Range<Int>, whole: Bool) -> TierSample {
    let cpu = CPUTime.own
    let start = AccessTime.now
    reactor.wait { [self] in
      for page in range { await fill(page, whole: whole) }
      await store.waitUntilSaved()
    }
    let count = range.count
    return TierSample(
      bytes: count * Self.pageSize, operations: count,
      seconds: Double(AccessTime.now - start) * 1e-9, cpuSeconds: CPUTime.own - cpu)
  }

  /// Drops one page.
  func drop(_ page: Int) { store.drop(page: Self.key(page)) }

  /// Fills one page; waits while memory is full of pages on their way to the disk.
  func fill(_ page: Int, whole: Bool) async {
    while true {
      let decision = store.fill(Self.key(page), length: Self.pageSize)
      switch consume decision {
      case .owner(let fill):
        if whole {
          unsafe PagePattern.fill(fill.buffer, page: page)
        } else {
          unsafe PagePattern.mark(fill.buffer, page: page)
        }
        _ = fill.commit()
        return
      case .rejected: await store.waitForRoom()
      case .hit: return
      case .stored: return
      case .join: return
      }
    }
  }

  /// Reads `count` bytes at a random place of a random page of `pages`; 0 when the page is not on the disk alone.
  func read(
    _ count: Int, of pages: Range<Int>, _ random: inout ReaderRandom, _ buffer: ReadBuffer
  ) async -> Int? {
    let page = pages.lowerBound + random.number(below: pages.count)
    let unit = random.number(below: Self.pageSize / count) * (count / 4096)
    guard case .stored(let lease) = store.lookup(Self.key(page), now: reactor.now) else { return 0 }
    let range = unit * 4096..<unit * 4096 + count
    guard case .bytes(let place) = await unsafe lease.read(range, into: buffer.bytes) else {
      return nil
    }
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: buffer.bytes[place])
    return unsafe PagePattern.matches(bytes, page: page, first: unit) ? count : nil
  }

  /// Reads every page once.
  func touchAll(_ pages: Int) {
    reactor.wait { [self] in
      let buffer = ReadBuffer(store.readBufferSize)
      for page in 0..<pages {
        guard case .stored(let lease) = store.lookup(Self.key(page)) else { continue }
        _ = await unsafe lease.read(0..<4096, into: buffer.bytes)
      }
    }
  }

  /// Ends the background and closes the disk.
  func close() {
    store.stopBackground()
    reactor.wait { [store] in await store.flush() }
    store.closeDisks()
    file.close()
  }
}
