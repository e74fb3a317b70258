// The health of one disk volume, decided from what its I/O reports. No I/O and no clock here: callers say what happened
// and when.
//
//              errors, EROFS, ENOSPC, rot, 100× slower          many read errors, ENODEV, ENXIO
//   HEALTHY ──────────────────────────────────────────▶ DEGRADED ──────────────────────────────▶ FAULTED
//      ▲          probes ok and nothing bad for a             │ ▲        probes ok, some in a row     │
//      └───────────────────── probation ──────────────────────┘ └─────────────────────────────────────┘
//
// DEGRADED: no new pages, reads go on. FAULTED: no I/O but probes. Slowness alone never goes past DEGRADED, and every
// state is left again without an operator. A relapse soon after a return doubles the probation.

import Ring
import Glibc
import Synchronization

/// Error budgets, latency and state of one disk volume.
///
/// Safe to use from any thread. An operation that succeeds on a healthy volume costs a few relaxed atomics; the rest
/// takes a mutex for nanoseconds.
package final class VolumeHealth: Sendable {
  /// What happened so far.
  package struct Counts: Sendable, Equatable {
    /// Failed reads that count against the budget.
    package var readErrors: UInt64 = 0
    /// Failed writes that count against the budget.
    package var writeErrors: UInt64 = 0
    /// Pages whose checksum did not match.
    package var corruptions: UInt64 = 0
    /// Windows of operations that were much slower than usual.
    package var slowWindows: UInt64 = 0
    /// Probes that failed.
    package var failedProbes: UInt64 = 0
    /// Changes of state.
    package var transitions: UInt64 = 0
  }

  /// Transitions kept for `takeTransition`; older ones are dropped.
  private static let transitionCountMax = 64

  let options: VolumeHealthOptions
  private let published = Atomic<UInt8>(VolumeState.healthy.rawValue)
  private let reads: LatencyTrend
  private let writes: LatencyTrend
  private let judge: Locked<VolumeJudge>

  /// A healthy volume's, at `now` nanoseconds of the monotonic clock.
  package init(options: VolumeHealthOptions = VolumeHealthOptions(), now: UInt64) {
    self.options = options
    reads = LatencyTrend(options: options)
    writes = LatencyTrend(options: options)
    judge = Locked(VolumeJudge(options: options, now: now))
  }

  // MARK: What may be done

  /// The state; one relaxed load.
  package var state: VolumeState {
    VolumeState(rawValue: published.load(ordering: .relaxed)) ?? .faulted
  }

  /// Whether new pages may be written to the volume.
  package var acceptsPages: Bool { state == .healthy }

  /// Whether pages may be read from the volume.
  package var acceptsReads: Bool { state != .faulted }

  /// Why the volume is in its state, in one line for operators; empty when it is healthy.
  package var reason: String { judge.withLock { $0.reason } }

  /// What happened so far.
  package var counts: Counts { judge.withLock { $0.counts } }

  /// The long-run median latency of reads and of writes for each 128 KiB, in nanoseconds; nil before there is one.
  package var medians: (read: UInt64?, write: UInt64?) { (reads.median, writes.median) }

  /// The oldest change of state not yet taken, for the log; nil when there is none.
  package func takeTransition() -> VolumeTransition? {
    judge.withLock { $0.transitions.isEmpty ? nil : $0.transitions.removeFirst() }
  }

  // MARK: What happened

  /// Reports an operation of `bytes` that ended well after `latency` nanoseconds.
  @inline(__always)
  package func succeeded(read: Bool, bytes: Int, latency: UInt64, now: UInt64) {
    let verdict =
      read ? reads.add(bytes: bytes, latency: latency) : writes.add(bytes: bytes, latency: latency)
    if let verdict { judged(verdict, read: read, now: now) }
  }

  /// Reports an operation that failed with `errno`, a positive number.
  ///
  /// Errors that say nothing of the device (EAGAIN, EINVAL, ECANCELED, …) are ignored. A deadline that passed is ETIMEDOUT.
  package func failed(read: Bool, errno: Int32, now: UInt64) {
    change { $0.failed(read: read, errno: errno, now: now) }
  }

  /// Reports a page whose checksum did not match.
  package func corrupted(now: UInt64) { change { $0.corrupted(now: now) } }

  /// Reports that an operation has had no answer for `age` nanoseconds.
  package func unanswered(for age: UInt64, now: UInt64) {
    guard options.answerLimit > 0, age >= options.answerLimit / 2 else { return }
    change { $0.unanswered(for: age, now: now) }
  }

  /// Reports that the volume's log cannot be written, for the reason in `text`.
  package func logFailed(_ text: String, now: UInt64) { change { $0.logFailed(text, now: now) } }

  /// Reports that the volume cannot be used at all, for the reason in `text`, which stands until its next change of state.
  package func unavailable(_ text: String, now: UInt64) {
    change { $0.unavailable(text, now: now) }
  }

  /// Reports that the volume has its file again: probes begin at once.
  package func returned(now: UInt64) { change { $0.returned(now: now) } }

  /// True when nobody waits so long for an answer.
  func isTooLong(_ age: UInt64) -> Bool { options.answerLimit > 0 && age >= options.answerLimit }

  // MARK: Probes

  /// True when a probe is due: the caller writes and reads back a block of no page, and answers with `probed`.
  ///
  /// One probe is out at a time; none on a healthy volume.
  package func takeProbe(now: UInt64) -> Bool {
    guard state != .healthy else { return false }
    return judge.withLock { $0.takeProbe(now: now) }
  }

  /// Answers a taken probe; its latency counts too.
  package func probed(ok: Bool, now: UInt64) {
    change { judge in
      let latency = now &- judge.probeStart
      // A block of 4 KiB, written and read: slow when it is slow for both.
      let isSlow =
        now > judge.probeStart && reads.isSlow(bytes: 4096, latency: latency)
        && writes.isSlow(bytes: 4096, latency: latency)
      judge.probed(ok: ok && !isSlow, now: now)
    }
  }

  // MARK: Judging

  @inline(never)
  private func judged(_ verdict: LatencyTrend.Verdict, read: Bool, now: UInt64) {
    change { judge in
      let median = read ? reads.median : writes.median
      judge.judged(isSlow: verdict == .slow, read: read, median: median ?? 0, now: now)
    }
  }

  /// Runs a change under the mutex and publishes the state before it is released.
  private func change(_ body: (inout VolumeJudge) -> Void) {
    judge.withLock { judge in
      body(&judge)
      if judge.transitions.count > VolumeHealth.transitionCountMax {
        judge.transitions.removeFirst()
      }
      published.store(judge.state.rawValue, ordering: .relaxed)
    }
  }
}
