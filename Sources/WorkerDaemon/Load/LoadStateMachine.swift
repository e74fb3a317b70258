// A load job's life, as pure transitions (compat §7.1).
//
//   WAITING ──start──▶ RUNNING ──verify──▶ VERIFYING
//                         │ └──────finish──────┐│
//                         ▼                    ▼▼
//      any of the three ──stop──▶ STOPPED   SUCCEEDED | FAILED
//
// Each transition happens at most once; one that comes too late answers false and changes nothing.

/// The transitions of a load job.
package struct LoadStateMachine: Sendable {
  /// The state now.
  package private(set) var state: LoadState = .waiting
  /// Why the job failed; nil unless it did.
  package private(set) var failure: String?

  /// A job that waits.
  package init() {}

  /// The job is given its turn; false unless it was waiting.
  package mutating func start() -> Bool { move(to: .running, from: [.waiting]) }

  /// The job has loaded and checks now; false unless it was running.
  package mutating func verify() -> Bool { move(to: .verifying, from: [.running]) }

  /// The job is stopped by hand; false when it has ended.
  package mutating func stop() -> Bool {
    move(to: .stopped, from: [.waiting, .running, .verifying])
  }

  /// The job ends: with a failure FAILED, without SUCCEEDED; false unless it was running or verifying.
  package mutating func finish(failure: String?) -> Bool {
    let end: LoadState = failure == nil ? .succeeded : .failed
    guard move(to: end, from: [.running, .verifying]) else { return false }
    self.failure = failure
    return true
  }

  private mutating func move(to next: LoadState, from allowed: [LoadState]) -> Bool {
    guard allowed.contains(state) else { return false }
    state = next
    return true
  }
}
