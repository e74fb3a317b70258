// A stranger on a CPU: computes a share of each hundredth of a second and rests for the remainder.

import CLinux
import DaemonDriver
import Glibc
import Synchronization

/// Burns a share of one CPU until it is stopped.
final class CPUBurner {
  private static let period: UInt64 = 10_000_000

  private let isStopped: Shared
  private let threads: Threads

  private final class Shared: Sendable { let flag = Atomic(false) }

  /// Burns `share` of the CPU with the number `cpu`, 0…1.
  init(share: Double, cpu: Int) {
    let shared = Shared()
    isStopped = shared
    let busy = UInt64(Double(Self.period) * min(1, max(0, share)))
    threads = Threads(count: 1) { _ in
      _ = pen_pin_thread(Int32(cpu))
      while !shared.flag.load(ordering: .acquiring) {
        let start = JobsCommand.now()
        while JobsCommand.now() - start < busy {}
        if busy < Self.period { usleep(useconds_t((Self.period - busy) / 1000)) }
      }
    }
  }

  /// Ends the burning.
  func stop() {
    isStopped.flag.store(true, ordering: .releasing)
    while threads.areRunning(for: .seconds(1)) {}
  }
}
