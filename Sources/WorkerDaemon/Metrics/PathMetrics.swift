// Bytes that clients read, by the way they took, under the names of 2.x.
//
//   Direct   pages that a client of this host reads in the worker's own memory
//   Domain   bytes that the worker copied for a client of this host: into its window, or through the domain socket
//   Remote   bytes over the network
//   Ufs      bytes that the worker read from under file systems

import Synchronization

/// Bytes by path, and how many there were in the last minute.
final class PathMetrics: Sendable {
  /// The paths.
  static let names = ["Direct", "Domain", "Remote", "Ufs"]
  private static let minute: UInt64 = 60_000_000_000
  private static let sampleCountMax = 64

  private struct Sample {
    let time: UInt64
    let bytes: [UInt64]
  }

  private let samples: Mutex<[Sample]>

  /// Nothing read yet, at `now` in monotonic nanoseconds.
  init(now: UInt64) {
    samples = Mutex([Sample(time: now, bytes: Self.names.map { _ in 0 })])
  }

  /// Bytes in a minute, as of the last minute or, if nobody asked then, of the time since somebody did.
  func throughput(_ bytes: [UInt64], now: UInt64) -> [Int64] {
    samples.withLock { samples in
      // The youngest that is a minute old, or else the oldest.
      while samples.count > 1, now &- samples[1].time >= Self.minute { samples.removeFirst() }
      let base = samples[0]
      if samples.count < Self.sampleCountMax { samples.append(Sample(time: now, bytes: bytes)) }
      let seconds = max(1, Double(now &- base.time) / 1e9)
      return zip(bytes, base.bytes).map { Int64(Double($0 &- min($0, $1)) * 60 / seconds) }
    }
  }

  /// The families, for `bytes` in the order of the names.
  func render(_ bytes: [UInt64], now: UInt64, to page: inout MetricsPage) {
    let rates = throughput(bytes, now: now)
    for (place, name) in Self.names.enumerated() {
      let help = "Bytes read \(Self.words[place])"
      page.counter("Worker_BytesRead\(name)", "\(help).", [("", bytes[place])])
      page.gauge("Worker_BytesRead\(name)Throughput", "\(help), in a minute.", [("", rates[place])])
    }
  }

  private static let words = [
    "by clients of this host in the worker's memory", "by clients of this host as copies",
    "by clients over the network", "by the worker from under file systems",
  ]
}
