// Waiting for time to pass, on the ring.

extension Reactor {
  /// Suspends for `duration`; returns early when the task is cancelled or the reactor stops.
  ///
  /// - Returns: True when the whole time passed.
  @discardableResult
  package func sleep(for duration: Duration) async -> Bool {
    preconditionOnReactor()
    let id = timers.makeID()
    let deadline = now &+ duration.nanoseconds
    return await withTaskCancellationHandler {
      if Task.isCancelled { return false }
      return await unsafe withUnsafeContinuation { continuation in
        unsafe timers.add(id: id, deadline: deadline, continuation)
      }
    } onCancel: {
      spawn { self.timers.cancel(id: id) }
    }
  }
}

extension Duration {
  /// Whole nanoseconds; 0 for negative durations, the largest value for those that do not fit.
  package var nanoseconds: UInt64 {
    let parts = components
    guard parts.seconds >= 0, parts.attoseconds >= 0 else { return 0 }
    let (product, overflow) = UInt64(parts.seconds).multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return .max }
    let (sum, carry) = product.addingReportingOverflow(UInt64(parts.attoseconds / 1_000_000_000))
    return carry ? .max : sum
  }
}
