// One request that waits for its turn.

/// A waiting request; all members are guarded by its `FlowControl`'s lock.
// SAFETY: read and written only under the lock of the `FlowControl` it waits at; the continuation is taken out by
// whoever settles the waiter, once.
@safe final class FlowWaiter: LinkedNode, @unchecked Sendable {
  /// What became of it.
  enum Verdict: Sendable { case waiting, granted(round: UInt32), refused(FlowRefusal) }

  /// 0-based index of the lane it waits in.
  let lane: Int
  let purpose: UFSPurpose
  let bytes: Int64
  let deadline: UInt64
  var verdict = Verdict.waiting
  var line: FlowLine?
  var next: FlowWaiter?
  var previous: FlowWaiter?
  private var continuation: UnsafeContinuation<Void, Never>?

  /// A waiter of its parts.
  init(lane: Int, purpose: UFSPurpose, bytes: Int64, deadline: UInt64) {
    self.lane = lane
    self.purpose = purpose
    self.bytes = bytes
    self.deadline = deadline
  }

  /// Whether it has no verdict yet.
  var isWaiting: Bool { if case .waiting = verdict { true } else { false } }

  /// Remembers whom to resume; false when the verdict is there already.
  func suspend(_ continuation: UnsafeContinuation<Void, Never>) -> Bool {
    guard isWaiting else { return false }
    unsafe self.continuation = unsafe continuation
    return true
  }

  /// Resumes the task, after the verdict and outside the lock.
  func resume() {
    // Nil while the task is still on its way to suspend: it will find the verdict.
    guard let continuation = unsafe continuation else { return }
    unsafe self.continuation = nil
    unsafe continuation.resume()
  }
}

/// The waiters of one flow (a file, a job) in one lane.
final class FlowLine: LinkedNode {
  let flow: UInt64
  var waiters = LinkedList<FlowWaiter>()
  var next: FlowLine?
  var previous: FlowLine?

  /// An empty line of `flow`.
  init(flow: UInt64) { self.flow = flow }
}
