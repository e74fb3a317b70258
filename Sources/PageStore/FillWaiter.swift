// A place in the queue of those who wait for one page's fill.

/// A wait for a fill that someone else does; dropping it leaves the queue.
@safe package struct FillWaiter: ~Copyable, @unchecked Sendable {
  private let record: Unmanaged<FillRecord>
  private let entry: UnsafeMutablePointer<PageEntry>

  /// A waiter that is counted in `record` already.
  init(_ record: FillRecord, entry: UnsafeMutablePointer<PageEntry>) {
    unsafe self.record = .passRetained(record)
    unsafe self.entry = entry
  }

  deinit {
    // SAFETY: retained in init, taken here or in `wait`, which discards the value.
    let record = unsafe record.takeRetainedValue()
    unsafe record.core.leave(record, entry)
  }

  /// Suspends until the fill ends, and returns its lease or its failure.
  ///
  /// Resumes on the caller's executor, whichever thread ends the fill. Cancellation of the task does not end the wait:
  /// every fill ends, at the latest when its filler's value is dropped.
  package consuming func wait() async -> FillOutcome {
    let (record, entry) = unsafe (self.record.takeUnretainedValue(), self.entry)
    unsafe await withUnsafeContinuation { continuation in
      unsafe record.core.suspend(continuation, on: record, entry)
    }
    unsafe self.record.release()
    discard self
    return unsafe record.core.outcome(of: record, entry)
  }
}
