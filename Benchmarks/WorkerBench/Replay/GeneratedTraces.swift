// Traces made from a seed: the same seed gives the same lines on every machine.

import BenchSupport
import Glibc

/// The traces that `worker-bench trace` writes.
enum GeneratedTrace {
  /// Requests for random ranges of files whose popularity follows Zipf's law: file r is asked for in proportion to r^-exponent.
  static func zipf(requestCount: Int, fileCount: Int, exponent: Double, seed: UInt64) -> Trace {
    precondition(fileCount > 0, "a trace has a file")
    var random = SampleGenerator(seed: seed)
    let piece = 256 << 10
    // 1 to 32 pieces of 256 KiB, small files more often than large ones.
    let pieceCounts = (0..<fileCount).map { _ in
      1 + min(random.number(below: 32), random.number(below: 32))
    }
    // Popularity has nothing to do with the order of names.
    let names = random.shuffling(Array(0..<fileCount))
    var sums: [Double] = []
    var sum = 0.0
    for rank in 0..<fileCount {
      sum += pow(Double(rank + 1), -exponent)
      sums.append(sum)
    }
    var trace = Trace()
    var time: UInt64 = 0
    for _ in 0..<requestCount {
      let rank = position(of: random.fraction() * sum, in: sums)
      let offset = random.number(below: pieceCounts[rank])
      let count = 1 + random.number(below: min(4, pieceCounts[rank] - offset))
      trace.append(
        time: time, file: "z\(names[rank])", offset: offset * piece, length: count * piece)
      time += UInt64(random.number(below: 2000))
    }
    return trace
  }

  /// Epochs of a training run: each reads every file once and whole, 1 MiB at a time, in an order of its own.
  static func epochs(epochCount: Int, fileCount: Int, seed: UInt64) -> Trace {
    precondition(fileCount > 0, "a trace has a file")
    var random = SampleGenerator(seed: seed)
    let lengths = (0..<fileCount).map { _ in (1 << 20) + random.number(below: 3 << 20) }
    var trace = Trace()
    var time: UInt64 = 0
    for _ in 0..<epochCount {
      for file in random.shuffling(Array(0..<fileCount)) {
        for offset in stride(from: 0, to: lengths[file], by: 1 << 20) {
          trace.append(
            time: time, file: "e\(file)", offset: offset,
            length: min(1 << 20, lengths[file] - offset))
          time += UInt64(500 + random.number(below: 500))
        }
      }
    }
    return trace
  }

  /// The index of the first of the ascending `sums` above `value`.
  private static func position(of value: Double, in sums: [Double]) -> Int {
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] > value { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension SampleGenerator {
  /// A number from 0 to `limit` − 1.
  mutating func number(below limit: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(max(1, limit))).high)
  }

  /// A number from 0 up to 1.
  mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// `elements` in an order of chance, by Fisher and Yates: the standard library's order may change with its version.
  mutating func shuffling<Element>(_ elements: [Element]) -> [Element] {
    var elements = elements
    for last in elements.indices.dropFirst().reversed() {
      elements.swapAt(last, number(below: last + 1))
    }
    return elements
  }
}
