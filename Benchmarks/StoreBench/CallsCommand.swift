// `store-bench calls`: what the page store's calls cost without a network: look-ups, fills, evictions, and memory for each
// page.
//
// Pages have 4096 bytes, so that a million of them fit a small machine; the calls cost the same for any size.

import ArgumentParser
import Glibc
import Model
import PageStore
import Ring
import Synchronization

struct CallsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calls", abstract: "Measures the page store's library calls in memory.")

  @Option(help: "Pages resident during the look-ups.") var pages = 1_000_000
  @Option(help: "Seconds for each measurement.") var seconds = 2.0
  @Option(help: "Most threads that look up at once.") var threads = 2
  @Option(help: "Bytes of a page, at most 1 MiB.") var length = 4096

  func run() throws {
    let units = (length + 4095) / 4096
    let perBlock = max(1, 256 / units)
    let capacity = ((pages + perBlock - 1) / perBlock) << 20
    let before = Figures.residentAnonymousBytes
    let store = try PageStore(capacity: capacity, seed: 1)
    print("store: \(capacity >> 20) MiB for \(pages) pages of \(length) bytes")
    let fillTime = try fill(store, 0..<pages)
    report("first fills (memory made resident)", pages, fillTime)
    let resident = store.statistics.pages
    let index = Figures.residentAnonymousBytes - before
    print("index: \(index >> 20) MiB, \(index / max(1, resident)) bytes a page, \(resident) pages")
    for count in 1...threads {
      lookUp(store, threads: count, keys: resident, title: "look-up + lease + release, random")
    }
    lookUp(store, threads: 1, keys: min(64, resident), title: "the same 64 pages")
    let more = min(pages, 1_000_000)
    report("fills that evict", more, try fill(store, pages..<pages + more))
    let start = AccessTime.thread
    let count = store.statistics.pages
    while store.evict(toUsed: 0, limit: 4096) > 0 {}
    report("evictions in the background's way", count, AccessTime.thread - start)
  }

  private func report(_ title: String, _ count: Int, _ nanoseconds: UInt64) {
    let rate = Double(count) * 1e3 / Double(max(1, nanoseconds))
    let each = Double(nanoseconds) / Double(max(1, count))
    print("\(title): \(rounded(rate)) M/s per core, \(rounded(each)) ns of CPU each")
  }

  private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

  private static func key(_ number: Int) -> PageKey {
    // Four pages a file, as of a set of small files.
    let file = UInt64(number / 4)
    return PageKey(
      file: FileKey(high: file &* 0x9E37_79B9_7F4A_7C15, low: file &* 0xC2B2_AE3D_27D4_EB4F),
      index: UInt32(number % 4))
  }

  /// Fills the pages of `numbers`; returns nanoseconds.
  private func fill(_ store: PageStore, _ numbers: Range<Int>) throws -> UInt64 {
    let start = AccessTime.thread
    for number in numbers {
      guard case .owner(let fill) = store.fill(CallsCommand.key(number), length: length) else {
        throw ValidationError("page \(number) cannot be filled")
      }
      unsafe fill.buffer.storeBytes(of: number, as: Int.self)
      _ = fill.commit()
    }
    return AccessTime.thread - start
  }

  /// Looks pages up on `threads` threads and prints the rate of one.
  private func lookUp(_ store: PageStore, threads: Int, keys: Int, title: String) {
    let work = LookupWork(
      store: store, keys: keys, nanoseconds: UInt64(seconds * 1e9), key: CallsCommand.key)
    work.run(threads: threads)
    let done = work.done.load(ordering: .relaxed)
    precondition(work.wrong.load(ordering: .relaxed) == 0, "a look-up gives its own page")
    report("\(title), \(threads) thread(s)", done, work.busy.load(ordering: .relaxed))
  }
}
