// One timed stretch of reading by all threads.

import BenchSupport
import CLinux
import DaemonDriver
import Glibc
import Model
import Synchronization

/// What a stretch of reading came to.
struct ReadRound: Sendable {
  var count = 0
  var seconds = 0.0
  /// CPU seconds of this process, and of the worker.
  var ownCPU = 0.0
  var workerCPU = 0.0
  var latencies = LatencyHistogram()

  /// Reads in a second.
  var rate: Double { Double(count) / seconds }

  /// Runs `make`'s readers for `duration` and counts what they read.
  ///
  /// - Throws: What a reader throws, and when a byte was wrong.
  static func run(
    _ plan: ReadPlan, seconds duration: Double, worker: pid_t?,
    _ make: @escaping @Sendable (Int) throws -> any BlockReader
  ) throws -> ReadRound {
    let results = Mutex<[Result<ReadRound, any Error>]>([])
    let ready = Atomic<Int>(0)
    let start = Atomic<UInt64>(0)
    let threads = Threads(count: plan.threads) { thread in
      let result = Result { try one(plan, thread, duration, make, ready, start) }
      if case .failure = result { ready.add(1, ordering: .relaxed) }
      results.withLock { $0.append(result) }
    }
    while ready.load(ordering: .relaxed) < plan.threads { usleep(500) }
    let own = cpuSeconds()
    let other = worker.map { ProcessFacts.cpuSeconds($0) } ?? 0
    start.store(ticks(), ordering: .releasing)
    while threads.areRunning(for: .seconds(600)) {}
    var all = ReadRound()
    for result in results.withLock({ $0 }) {
      let part = try result.get()
      all.count += part.count
      all.seconds = max(all.seconds, part.seconds)
      all.latencies.add(part.latencies)
    }
    all.ownCPU = cpuSeconds() - own
    all.workerCPU = (worker.map { ProcessFacts.cpuSeconds($0) } ?? 0) - other
    return all
  }

  private static func one(
    _ plan: ReadPlan, _ thread: Int, _ duration: Double,
    _ make: @Sendable (Int) throws -> any BlockReader, _ ready: borrowing Atomic<Int>,
    _ start: borrowing Atomic<UInt64>
  ) throws -> ReadRound {
    if let cpu = plan.clientCPU, plan.threads == 1 { _ = pen_pin_thread(Int32(cpu)) }
    let reader = try make(thread)
    var order = ReadOrder(plan, thread: thread)
    ready.add(1, ordering: .relaxed)
    while start.load(ordering: .acquiring) == 0 { usleep(100) }
    var round = ReadRound()
    let begin = ticks()
    let end = begin + UInt64(duration * 1e9)
    let interval = plan.rate > 0 ? UInt64(1e9 * Double(plan.threads) / plan.rate) : 0
    var now = begin
    var untimed: UInt64 = 0
    while now < end {
      if plan.pattern == .open {
        let done = now
        try reader.prepare()
        now = ticks()
        untimed += now - done
      }
      // In an open loop a read counts from when it was due, however late it begins.
      var due = now
      if interval > 0 {
        due = begin + UInt64(round.count) * interval
        while ticks() < due { if due - min(due, ticks()) > 200_000 { usleep(50) } }
      }
      let block = order.block()
      guard try reader.read(block) else {
        throw DriverError.program("block \(block) is not what the file has, or came another way")
      }
      now = ticks()
      round.latencies.add(now - due)
      round.count += 1
    }
    round.seconds = Double(now - begin - untimed) / 1e9
    return round
  }

  /// Nanoseconds of the monotonic clock.
  static func ticks() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// CPU seconds of this process so far.
  private static func cpuSeconds() -> Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
