// `store-bench log DIR`: how fast a volume's log takes records and gives them back at start, and what memory that costs.

import ArgumentParser
import BenchSupport
import Glibc
import Model
import PageStore

struct LogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Measures the page log of a disk volume.")

  @Argument(help: "A directory on the disk; the log is made in it.") var directory: String
  @Option(help: "Records.") var pages = 10_000_000

  func run() throws {
    let path = "\(directory)/log"
    let id = VolumeID(high: 1, low: 2)
    var log = try RocksPageLog(path: path, volume: id)
    var found = 0
    try log.restore { _ in
      found += 1
    } quarantined: { _, _ in
    }
    if found < pages {
      let before = Figures.residentAnonymousBytes
      let start = AccessTime.now
      for number in 0..<pages {
        log.put(record(number))
        // The bench is faster than any disk: it waits where a store never does.
        while log.statistics.pendingBytes > 8 << 20 { usleep(1000) }
      }
      log.close()
      let time = Double(AccessTime.now - start) / 1e9
      let values = log.statistics
      print(
        "put: \(fixed(Double(pages) / time / 1000, 0)) k/s, \(values.groups) groups, "
          + "\(values.dropped) dropped, "
          + "\((Figures.residentAnonymousBytes - before) >> 20) MiB more memory")
    } else {
      log.close()
    }
    for _ in 0..<3 {
      let (before, start) = (Figures.residentAnonymousBytes, AccessTime.now)
      log = try RocksPageLog(path: path, volume: id)
      let opened = AccessTime.now
      var (count, sum) = (0, UInt64(0))
      try log.restore { page in
        count += 1
        sum &+= UInt64(page.root)
      } quarantined: { _, _ in
      }
      let end = AccessTime.now
      print(
        "open \(fixed(Double(opened - start) / 1e9, 3)) s, \(count) records in "
          + "\(fixed(Double(end - opened) / 1e9, 3)) s "
          + "(\(fixed(Double(count) * 1e3 / Double(end - opened), 2)) M/s, sum \(sum)), "
          + "\((Figures.residentAnonymousBytes - before) >> 20) MiB more memory")
      log.close()
    }
  }

  private func record(_ number: Int) -> StoredPage {
    var word = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    let file = FileKey(high: word ^ word >> 27, low: word &* 0x94D0_49BB_1331_11EB)
    return StoredPage(
      unit: UInt32(number) &* 257, key: PageKey(file: file, index: UInt32(number & 63)),
      length: 1 << 20, root: UInt32(truncatingIfNeeded: word >> 7), sequence: UInt64(number),
      filledAt: 1_795_000_000)
  }
}
