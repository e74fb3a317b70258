// A task that waits for the answer to a question that another one has asked.

/// One waiting task; all members are guarded by the lock of the table it waits at.
// SAFETY: read and written only under that lock; the continuation is taken out once, by whoever ends the wait.
@safe final class QuestionWaiter: @unchecked Sendable {
  private var continuation: UnsafeContinuation<Void, Never>?
  private var isOver = false

  /// A task on its way to wait.
  init() { unsafe continuation = nil }

  /// Remembers whom to resume; false when the wait is over already.
  func suspend(_ continuation: UnsafeContinuation<Void, Never>) -> Bool {
    guard !isOver else { return false }
    unsafe self.continuation = unsafe continuation
    return true
  }

  /// Ends the wait; the caller resumes what is returned, outside the lock.
  func end() -> UnsafeContinuation<Void, Never>? {
    isOver = true
    return unsafe continuation.take()
  }
}
