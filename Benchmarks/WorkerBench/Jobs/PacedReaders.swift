// Clients that read small objects at a steady pace, each with one request at a time, and write down how long each took.

import CLinux
import DaemonDriver
import Glibc
import Synchronization

/// A few threads that read until they are stopped.
final class PacedReaders {
  private final class Shared: Sendable {
    let isStopped = Atomic(false)
    let times = Mutex<[Double]>([])
    let failure = Mutex<String?>(nil)
  }

  private let shared = Shared()
  private let threads: Threads

  /// Starts `count` clients of `port`, each of which asks for one of `targets` every `interval` nanoseconds.
  init(count: Int, port: UInt16, targets: [String], interval: UInt64, cpu: Int) {
    let shared = shared
    threads = Threads(count: count) { number in
      _ = pen_pin_thread(Int32(cpu))
      do {
        try Self.read(shared, number, port, targets, interval)
      } catch {
        shared.failure.withLock { $0 = "\(error)" }
      }
    }
  }

  /// Ends the reading; returns the milliseconds that each request took.
  func stop() throws -> [Double] {
    shared.isStopped.store(true, ordering: .releasing)
    while threads.areRunning(for: .seconds(1)) {}
    if let failure = shared.failure.withLock({ $0 }) { throw DriverError.program(failure) }
    return shared.times.withLock { $0 }
  }

  private static func read(
    _ shared: Shared, _ number: Int, _ port: UInt16, _ targets: [String], _ interval: UInt64
  ) throws {
    let connection = try HTTPConnection(port: port, seconds: 60)
    var generator = SampleGenerator(seed: UInt64(number) + 1)
    var times: [Double] = []
    // Not all at once.
    var due = JobsCommand.now() + UInt64(number) * interval / 16
    while !shared.isStopped.load(ordering: .acquiring) {
      let target = targets[Int.random(in: 0..<targets.count, using: &generator)]
      wait(until: due)
      let start = JobsCommand.now()
      let reply = try connection.request("GET", target)
      let end = JobsCommand.now()
      guard reply.status == 200 else { throw DriverError.program("\(target): \(reply.status)") }
      times.append(Double(end - start) / 1e6)
      due = max(due + interval, end)
    }
    shared.times.withLock { $0 += times }
  }

  private static func wait(until due: UInt64) {
    var time = timespec(tv_sec: Int(due / 1_000_000_000), tv_nsec: Int(due % 1_000_000_000))
    while unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
  }
}
