// A job's life, as pure transitions (compat §7.1).
//
//   WAITING ──start──▶ RUNNING ──verify──▶ VERIFYING
//                         │ └──────finish──────┐│
//                         ▼                    ▼▼
//      any of the three ──stop──▶ STOPPED   SUCCEEDED | FAILED
//
// Each transition happens at most once; one that comes too late answers false and changes nothing.

/// The transitions of a job.
package struct JobStateMachine: Sendable, Equatable {
  /// The state now.
  package private(set) var state: JobState

  /// A machine in `state`: a new job's, or one that a store gave back.
  package init(_ state: JobState = .waiting) { self.state = state }

  /// The job is given its turn; false unless it was waiting.
  package mutating func start() -> Bool { move(to: .running, from: [.waiting]) }

  /// The job's tasks are done and it checks now; false unless it was running.
  package mutating func verify() -> Bool { move(to: .verifying, from: [.running]) }

  /// The job is stopped by hand; false when it has ended.
  package mutating func stop() -> Bool {
    move(to: .stopped, from: [.waiting, .running, .verifying])
  }

  /// The job ends well or not; false unless it was running or verifying.
  package mutating func finish(isGood: Bool) -> Bool {
    move(to: isGood ? .succeeded : .failed, from: [.running, .verifying])
  }

  private mutating func move(to next: JobState, from allowed: [JobState]) -> Bool {
    guard allowed.contains(state) else { return false }
    state = next
    return true
  }
}
