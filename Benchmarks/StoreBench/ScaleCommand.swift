// `store-bench scale`: a store with millions of pages on disk: how long it takes to start, what it needs, how fast it answers.
//
// The pages are records in a real log; the device under them is none, since nobody reads the bytes of ten terabytes here.

import ArgumentParser
import BenchSupport
import DaemonDriver
import Glibc
import Model
import PageStore
import Ring

struct ScaleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scale", abstract: "Measures a store with millions of pages of 1 MiB on disk.")

  @Option(help: "Pages.") var pages = 10_000_000
  @Option(help: "Pages to a file.") var perFile = 64
  @Option(help: "Look-ups.") var lookups = 5_000_000
  @Option(help: "A directory for the log.") var directory: String

  private static let unitsPerPage: UInt32 = 257

  func run() throws {
    let machine = Machine()
    let scratch = try ScratchDirectory("scale", in: directory)
    let id = VolumeID(high: 1, low: 2)
    try record(scratch.path("log"), id)
    let before = Figures.residentAnonymousBytes
    let start = AccessTime.now
    let log = try RocksPageLog(path: scratch.path("log"), volume: id)
    let opened = AccessTime.now
    let disk = try DiskVolume(
      device: NoDevice(), log: log, id: id, pageSize: 1 << 20, blockCount: pages,
      slotCount: PageStore.slotCount(bytes: (pages + 64) * Int(Self.unitsPerPage) * 4096),
      now: { AccessTime.now })
    let store = try PageStore(memory: 64 << 20, disks: [disk], options: PageStoreOptions())
    let made = AccessTime.now
    let restoration = store.restore(disk: 0)
    let end = AccessTime.now
    let memory = Figures.residentAnonymousBytes - before
    precondition(restoration.pages == pages, "every record is a page")
    print(
      "\(machine.processor), \(machine.cpuCount) CPUs; kernel \(machine.kernel); \(machine.company)"
    )
    print(
      "\(pages) pages: log opened in \(milliseconds(start, opened)), store made in"
        + " \(milliseconds(opened, made)), pages taken over in \(milliseconds(made, end))")
    print(
      "anonymous memory: \(memory >> 20) MiB, \(fixed(Double(memory) / Double(pages), 1)) bytes a page,"
        + " with what the log's library took while reading")
    measure(store)
    store.closeDisks()
  }

  private func key(_ page: Int) -> PageKey {
    let file = UInt64(page / perFile)
    return PageKey(
      file: FileKey(high: file &* 0x9E37_79B9_7F4A_7C15, low: file &* 0xC2B2_AE3D_27D4_EB4F),
      index: UInt32(page % perFile))
  }

  /// Writes the log of an earlier life.
  private func record(_ path: String, _ id: VolumeID) throws {
    let log = try RocksPageLog(path: path, volume: id)
    try log.restore({ _ in }, quarantined: { _, _ in })
    let reactor = try Reactor(index: 0, options: Reactor.Options())
    for page in 0..<pages {
      log.put(
        StoredPage(
          unit: UInt32(page) * Self.unitsPerPage, key: key(page), length: 1 << 20,
          root: UInt32(truncatingIfNeeded: page), sequence: UInt64(page + 1), filledAt: 0))
      // The log drops records when it is behind.
      if page % 100_000 == 99_999 { reactor.wait { await log.flush() } }
    }
    reactor.wait { await log.flush() }
    reactor.stop()
    log.close()
  }

  /// Random look-ups on one thread, each by the clock.
  private func measure(_ store: PageStore) {
    var random = ReaderRandom(seed: 3)
    var times = [UInt32](repeating: 0, count: lookups)
    var found = 0
    let all = AccessTime.now
    for index in 0..<lookups {
      let page = key(random.number(below: pages))
      let start = AccessTime.now
      if case .stored(let lease) = store.lookup(page, now: start) { found += lease.count >> 20 }
      times[index] = UInt32(clamping: AccessTime.now - start)
    }
    let took = AccessTime.now - all
    precondition(found == lookups, "every page is found")
    times.sort()
    let rate = Double(lookups) * 1e3 / Double(took)
    print(
      "look-up, lease and release by the clock (which costs some 40 ns): median \(times[lookups / 2]) ns,"
        + " p99 \(times[lookups / 100 * 99]) ns, p99.9 \(times[lookups / 1000 * 999]) ns;"
        + " \(fixed(rate, 2)) M/s")
  }

  private func milliseconds(_ start: UInt64, _ end: UInt64) -> String {
    "\((end - start) / 1_000_000) ms"
  }
}

/// A device of any size that nobody reads.
private final class NoDevice: BlockDevice {
  let size = Int64.max

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer
  ) { transfer.end(-EIO) }
  func write(
    from buffer: UnsafeRawBufferPointer, at offset: Int64, for transfer: DeviceTransfer
  ) { transfer.end(-EIO) }
  func sync(for transfer: DeviceTransfer) { transfer.end(0) }
}
