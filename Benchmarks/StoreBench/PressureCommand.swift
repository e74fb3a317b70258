// `store-bench pressure`: what readers notice when the store is full and every fill evicts.
//
//   half full    a filler drops the oldest page and fills a new one     no eviction
//   full         a filler fills a new page                              one eviction each
//
// Both fillers fill at the same rate, so that the readers share the machine with the same work but for the evictions.

import ArgumentParser
import BenchSupport
import Glibc
import Model
import PageStore
import Synchronization

struct PressureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pressure", abstract: "Compares read latency in a full store with a half-full one."
  )

  @Option(help: "Pages that fit the store.") var pages = 65_536
  @Option(help: "Bytes of a page.") var length = 4096
  @Option(help: "Fills a second.") var fills = 50_000
  @Option(help: "Rounds.") var rounds = 5
  @Option(help: "Seconds of each measurement.") var seconds = 3.0

  func run() throws {
    let machine = Machine()
    print(
      "\(machine.processor), \(machine.cpuCount) CPUs; kernel \(machine.kernel); \(machine.company)"
    )
    print("store        fills/s  evictions/s  reads M/s   p50 ns   p99 ns  p99.9 ns")
    var ratios: [Double] = []
    for round in 0..<rounds {
      var p99: [Double] = [0, 0]
      for step in 0..<2 {
        let isFull = (step + round) % 2 == 1
        let result = try PressureRun(self, isFull: isFull).run()
        p99[isFull ? 1 : 0] = Double(result.times[result.times.count / 100 * 99])
        print(line(isFull ? "full" : "half full", result))
      }
      ratios.append(p99[1] / p99[0])
    }
    print(
      "p99 in the full store ÷ half full, median of the rounds: \(fixed(middle(of: ratios), 2))")
  }

  private func line(_ name: String, _ result: PressureRun.Result) -> String {
    let count = result.times.count
    let cells = [
      fixed(Double(result.fills) / seconds, 0), fixed(Double(result.evictions) / seconds, 0),
      fixed(Double(count) / seconds / 1e6, 2), "\(result.times[count / 2])",
      "\(result.times[count / 100 * 99])", "\(result.times[count / 1000 * 999])",
    ]
    let widths = [10, 11, 9, 7, 7, 8]
    return name + String(repeating: " ", count: 9 - name.count)
      + zip(cells, widths).map { cell, width in
        "  " + String(repeating: " ", count: max(0, width - cell.count)) + cell
      }.joined()
  }
}

/// One reader and one filler on a store.
private final class PressureRun: Sendable {
  struct Result {
    var fills = 0
    var evictions = 0
    /// Nanoseconds of each read, ascending.
    var times: [UInt32] = []
  }

  private let store: PageStore
  private let length: Int
  private let kept: Int
  /// The newest pages that are read: as many in both stores.
  private let read: Int
  private let isFull: Bool
  private let interval: UInt64
  private let end: UInt64
  /// The number after the newest page's.
  private let newest: Atomic<Int>
  private let times = Mutex<[UInt32]>([])

  init(_ options: PressureCommand, isFull: Bool) throws {
    let perBlock = max(1, (1 << 20) / ((options.length + 4095) / 4096 * 4096))
    let capacity = ((options.pages + perBlock - 1) / perBlock) << 20
    store = try PageStore(capacity: capacity, seed: 1)
    (length, self.isFull) = (options.length, isFull)
    kept = isFull ? options.pages : options.pages / 2
    read = max(1, options.pages / 4)
    interval = UInt64(1_000_000_000 / max(1, options.fills))
    newest = Atomic(0)
    end = AccessTime.now + UInt64(options.seconds * 1e9) + 1_000_000_000
    for number in 0..<kept { fill(number) }
    newest.store(kept, ordering: .relaxed)
  }

  func run() throws -> Result {
    let before = store.statistics.evictions
    let first = newest.load(ordering: .relaxed)
    let filler = BenchThread(cpu: 1) { [self] in fillLoop() }
    let reader = BenchThread(cpu: 0) { [self] in readLoop() }
    filler.join()
    reader.join()
    var result = Result()
    result.fills = newest.load(ordering: .relaxed) - first
    result.evictions = Int(store.statistics.evictions - before)
    result.times = times.withLock { $0.sorted() }
    precondition(!result.times.isEmpty, "the reader found pages")
    return result
  }

  private static func key(_ number: Int) -> PageKey {
    PageKey(
      file: FileKey(high: UInt64(number / 4) &* 0x9E37_79B9_7F4A_7C15, low: 3),
      index: UInt32(number % 4))
  }

  private func fill(_ number: Int) {
    guard case .owner(let fill) = store.fill(Self.key(number), length: length) else { return }
    unsafe fill.buffer.initializeMemory(as: UInt8.self, repeating: 0)
    unsafe fill.buffer.storeBytes(of: number, as: Int.self)
    _ = fill.commit()
  }

  private func fillLoop() {
    var due = AccessTime.now
    while AccessTime.now < end {
      guard AccessTime.now >= due else { continue }
      due += interval
      let number = newest.load(ordering: .relaxed)
      if !isFull { _ = store.drop(page: Self.key(number - kept)) }
      fill(number)
      newest.store(number + 1, ordering: .releasing)
    }
  }

  private func readLoop() {
    var random = ReaderRandom(seed: 5)
    var found: [UInt32] = []
    found.reserveCapacity(8 << 20)
    while AccessTime.now < end {
      let number = newest.load(ordering: .acquiring) - 1 - random.number(below: read)
      let key = Self.key(number)
      let start = AccessTime.now
      var isRight = false
      if case .hit(let lease) = store.lookup(key, now: start) {
        isRight = unsafe lease.bytes.load(as: Int.self) == number
      } else {
        continue
      }
      precondition(isRight, "a page has its own bytes")
      if found.count < 8 << 20 { found.append(UInt32(clamping: AccessTime.now - start)) }
    }
    times.withLock { $0 = found }
  }
}
