// The reading of a stress bench, and what it came to.

import BenchSupport
import Glibc
import PenstockClient
import Synchronization

/// What is read.
struct StressPlan: Sendable {
  let path: String
  let threads: Int
  /// Seconds.
  let duration: Double
  let warmup: Double
  let fileSize: Int
  let bufferSize: Int
  let slice: Double
  let isRandom: Bool
  let seed: UInt64
  /// Seconds after which it is given up.
  let timeout: Double
  /// Bytes of a random stretch.
  let lengths: ClosedRange<Int>
}

/// What all threads came to.
struct StressResult: Sendable {
  var bytes = 0
  var seconds = 0.0
  var endMilliseconds = 0
  /// Bytes of each slice of time, of all threads.
  var slices: [Int] = []
  var sliceSeconds = 1.0
  var errors: [String] = []
  var paths: [ReadPath: UInt64] = [:]

  /// The members of the summary, without braces.
  var json: String {
    let mega = 1024.0 * 1024.0
    // The last slice is as long as was read in it; less than half of one says nothing, unless there is no other.
    let rates = slices.indices.compactMap { index -> Double? in
      let time = min(sliceSeconds, seconds - Double(index) * sliceSeconds)
      guard time > (index == 0 ? 0 : sliceSeconds / 2) else { return nil }
      return Double(slices[index]) / mega / time
    }.sorted()
    let shares = [1, 5, 10, 25, 50, 75, 90, 95, 99]
    let percentiles = shares.map { share -> String in
      let place = min(rates.count - 1, max(0, rates.count * share / 100))
      return "\"P\(share)\":\(jsonNumber(rates.isEmpty ? 0 : rates[place]))"
    }
    let ways = ReadPath.allCases.map { "\(jsonText($0.word)):\(paths[$0] ?? 0)" }
    return
      "\"durationMs\":\(Int(seconds * 1000)),\"endTimeMs\":\(endMilliseconds),\"ioBytes\":\(bytes),"
      + "\"throughput\":\(jsonNumber(seconds > 0 ? Double(bytes) / mega / seconds : 0)),"
      + "\"throughputPercentiles\":{\(percentiles.joined(separator: ","))},"
      + "\"bytesByPath\":{\(ways.joined(separator: ","))}"
  }
}

/// The threads of a stress bench.
enum StressRun {
  /// Reads for the plan's warm-up and duration.
  static func run(_ plan: StressPlan, _ clients: [Client]) throws -> StressResult {
    let result = Mutex(StressResult())
    let count = max(1, Int((plan.duration / plan.slice).rounded(.up)))
    result.withLock {
      $0.slices = [Int](repeating: 0, count: count)
      $0.sliceSeconds = plan.slice
    }
    let now = ReadRound.ticks()
    let start = now + UInt64(plan.warmup * 1e9)
    let limit = now + UInt64(plan.timeout * 1e9)
    let threads = Threads(count: plan.threads) { thread in
      var own = StressResult()
      own.slices = [Int](repeating: 0, count: count)
      do {
        try read(plan, clients[thread % clients.count], thread, from: start, limit: limit, &own)
      } catch {
        own.errors.append("\(error)")
      }
      result.withLock { all in
        all.bytes += own.bytes
        all.seconds = max(all.seconds, own.seconds)
        for index in 0..<count { all.slices[index] += own.slices[index] }
        if all.errors.count < 10 { all.errors += own.errors }
      }
    }
    while threads.areRunning(for: .seconds(600)) {}
    var all = result.withLock { $0 }
    all.endMilliseconds = time(nil) * 1000
    for client in clients {
      for (path, bytes) in client.statistics.bytes { all.paths[path, default: 0] += bytes }
    }
    return all
  }

  private static func read(
    _ plan: StressPlan, _ client: Client, _ thread: Int, from start: UInt64, limit: UInt64,
    _ own: inout StressResult
  ) throws {
    let file = try client.open(plan.path)
    let buffer = BlockBuffer(plan.bufferSize)
    var random = SampleGenerator(seed: plan.seed &+ UInt64(thread))
    let end = start + UInt64(plan.duration * 1e9)
    var (place, rest) = (0, 0)
    while true {
      if rest <= 0 {
        (place, rest) = (0, file.length)
        if plan.isRandom {
          rest = min(file.length, Int.random(in: plan.lengths, using: &random))
          place = Int.random(in: 0...(file.length - rest), using: &random)
        }
      }
      let part = unsafe UnsafeMutableRawBufferPointer(
        rebasing: unsafe buffer.bytes[..<min(plan.bufferSize, rest)])
      let outcome = try unsafe file.read(into: part, at: place)
      guard outcome.count == part.count else {
        throw ClientProblem(text: "\(plan.path) ended at \(place + outcome.count)")
      }
      place += outcome.count
      rest -= outcome.count
      let now = ReadRound.ticks()
      guard now < end else { break }
      guard now < limit else { throw ClientProblem(text: "gave up after --bench-timeout") }
      guard now >= start else { continue }
      own.bytes += outcome.count
      own.seconds = Double(now - start) / 1e9
      own.slices[min(own.slices.count - 1, Int(own.seconds / plan.slice))] += outcome.count
    }
  }
}

/// Something that a read should not have done.
struct ClientProblem: Error, CustomStringConvertible {
  let text: String
  var description: String { text }
}
