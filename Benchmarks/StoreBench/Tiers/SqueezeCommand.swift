// `store-bench squeeze`: what readers of a disk notice when the store is full and every page that comes sends one away.
//
//   half full    a filler drops the oldest page and fills a new one     no eviction
//   full         a filler fills a new page                              one leaves each time
//
// Both write the same bytes at the same rate, so that the readers share the disk with the same work but for the eviction.

import ArgumentParser
import BenchSupport
import DaemonDriver
import Glibc
import PageStore
import Ring
import Synchronization

struct SqueezeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "squeeze",
    abstract: "Compares reads from the disk of a full store with those of a half-full one.")

  @Option(help: "A directory on the disk to measure.") var directory: String
  @Option(help: "Bytes of the volume.") var size = ByteSize(bytes: 2 << 30)
  @Option(help: "Rounds.") var rounds = 5
  @Option(help: "Seconds of each measurement.") var seconds = 4
  @Option(help: "Bytes of memory of the store.") var memory = ByteSize(bytes: 128 << 20)
  @Option(help: "Bytes of a read.") var block = ByteSize(bytes: 64 << 10)
  @Option(help: "Reads in flight.") var depth = 8
  @Option(help: "Pages of 1 MiB filled a second.") var fills = 100

  /// Why the bench ends without a result.
  private struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  func run() throws {
    let machine = Machine()
    print(
      "\(machine.processor), \(machine.cpuCount) CPUs; kernel \(machine.kernel); \(machine.company)"
    )
    print("store      fills/s  evictions/s  reads/s  p50 us  p99 us  p99.9 us")
    let scratch = try ScratchDirectory("squeeze", in: directory)
    let reactor = try Reactor(index: 0, options: Reactor.Options())
    defer { reactor.stop() }
    var ratios: [Double] = []
    for round in 0..<rounds {
      var p99 = [0.0, 0.0]
      for step in 0..<2 {
        let isFull = (step + round) % 2 == 1
        let path = scratch.path("volume-\(round)-\(step)")
        guard unsafe mkdir(path, 0o700) == 0 else { throw Failure(description: "mkdir \(path)") }
        let result = try measure(path, isFull: isFull, reactor)
        p99[isFull ? 1 : 0] = result.microseconds(990)
        print(line(isFull ? "full" : "half full", result))
      }
      ratios.append(p99[1] / p99[0])
    }
    print(
      "p99 in the full store / half full, median of the rounds: \(fixed(middle(of: ratios), 2))")
  }

  private func measure(
    _ path: String, isFull: Bool, _ reactor: Reactor
  ) throws -> SqueezeResult {
    let volume = try BenchVolume(
      path, size: size.bytes, memory: memory.bytes, .always, reactor)
    defer { volume.close() }
    let held = isFull ? volume.pageCount : volume.pageCount / 2
    _ = volume.fill(0..<held, whole: true)
    let load = SqueezeLoad(
      volume: volume, reactor: reactor, block: block.bytes, held: held, isFull: isFull,
      interval: 1_000_000_000 / UInt64(max(1, fills)),
      end: AccessTime.now + UInt64(seconds) * 1_000_000_000)
    guard let result = load.run(depth: depth) else {
      throw Failure(description: "a read was wrong")
    }
    return result
  }

  private func line(_ name: String, _ result: SqueezeResult) -> String {
    let seconds = Double(seconds)
    let cells = [
      fixed(Double(result.fills) / seconds, 0), fixed(Double(result.evictions) / seconds, 0),
      fixed(Double(result.times.count) / seconds, 0), fixed(result.microseconds(500), 0),
      fixed(result.microseconds(990), 0), fixed(result.microseconds(999), 0),
    ]
    let widths = [7, 11, 7, 6, 6, 8]
    return name + String(repeating: " ", count: 9 - name.count)
      + zip(cells, widths).map { cell, width in
        "  " + String(repeating: " ", count: max(0, width - cell.count)) + cell
      }.joined()
  }
}

/// What the readers of one store saw.
struct SqueezeResult {
  var fills = 0
  var evictions = 0
  /// Nanoseconds of each read, ascending.
  var times: [UInt64] = []

  /// The time, in microseconds, below which `thousandths` of the reads are; 0 without reads.
  func microseconds(_ thousandths: Int) -> Double {
    guard !times.isEmpty else { return 0 }
    return Double(times[min(times.count - 1, times.count * thousandths / 1000)]) / 1000
  }
}

/// Readers and one filler on one ring.
private struct SqueezeLoad: Sendable {
  let volume: BenchVolume
  let reactor: Reactor
  let block: Int
  let held: Int
  let isFull: Bool
  let interval: UInt64
  let end: UInt64

  /// Runs until the time is over; nil when a read was wrong.
  func run(depth: Int) -> SqueezeResult? {
    let before = volume.store.statistics.evictions
    let newest = Newest(held)
    let parts = reactor.wait {
      await withTaskGroup(of: [UInt64]?.self, returning: [[UInt64]?].self) { group in
        group.addTask {
          await fill(newest)
          return []
        }
        for seed in 0..<depth { group.addTask { await read(seed: seed, newest) } }
        return await group.reduce(into: []) { $0.append($1) }
      }
    }
    guard !parts.contains(where: { $0 == nil }) else { return nil }
    return SqueezeResult(
      fills: newest.value - held, evictions: Int(volume.store.statistics.evictions - before),
      times: parts.flatMap { $0 ?? [] }.sorted())
  }

  private func fill(_ newest: Newest) async {
    var due = AccessTime.now
    var page = held
    while due < end {
      let now = AccessTime.now
      if now < due { await reactor.sleep(for: .nanoseconds(Int64(due - now))) }
      due += interval
      if !isFull { volume.drop(page - held) }
      await volume.fill(page, whole: false)
      page += 1
      newest.value = page
    }
  }

  private func read(seed: Int, _ newest: Newest) async -> [UInt64]? {
    let buffer = ReadBuffer(max(block, volume.store.readBufferSize))
    var random = ReaderRandom(seed: seed)
    var found: [UInt64] = []
    while AccessTime.now < end {
      // The newest quarter of a full store lies in both stores all the time.
      let last = newest.value
      let start = AccessTime.now
      guard
        let count = await volume.read(
          block, of: max(0, last - volume.pageCount / 4)..<last, &random, buffer)
      else { return nil }
      // A page that is still in memory, or already gone, says nothing of the disk.
      if count > 0 { found.append(AccessTime.now - start) } else { await Task.yield() }
    }
    return found
  }
}

/// The number after the newest page's; the tasks that use it share one ring.
private final class Newest: Sendable {
  private let number: Atomic<Int>

  init(_ number: Int) { self.number = Atomic(number) }

  var value: Int {
    get { number.load(ordering: .relaxed) }
    set { number.store(newValue, ordering: .relaxed) }
  }
}
