// Time, memory and placement for the benches.

import Glibc
import Membership
import Model
import Scheduler

/// Clocks and memory of this process.
enum Meter {
  /// Nanoseconds on the monotonic clock.
  static var now: UInt64 { read(CLOCK_MONOTONIC) }

  /// Nanoseconds of CPU that this thread took.
  static var cpu: UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Resident bytes now.
  static var resident: Int {
    let file = unsafe open("/proc/self/statm", O_RDONLY)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = unsafe Glibc.read(file, &bytes, bytes.count)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * sysconf(Int32(_SC_PAGESIZE))
  }

  /// The time as the core wants it.
  static var time: SchedulerTime {
    SchedulerTime(ticks: now, date: Int64(read(CLOCK_REALTIME) / 1_000_000))
  }

  /// A number with one decimal.
  static func text(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}

/// The hash ring, as the daemon gives it to the scheduler.
struct BenchPlacement: WorkerPlacement {
  private var ring = HashRing([], pointCount: 2000)

  mutating func setWorkers(_ workers: [WorkerIdentity]) {
    ring = HashRing(workers, pointCount: 2000)
  }

  func first(for path: String) -> Int? { ring.first(for: path) }

  func order(for path: String, count: Int) -> [Int] { ring.order(for: path, count: count) }
}
