// A place in the queue of those who wait for one page's fill.
//
//   join ──▶ waiter ──progress──▶ waiter with a pin, sees 0..<n      the pin outlives a failed fill: nobody gets the memory
//               └──────wait──────────────┴──▶ lease, or failure      while someone may be sending from it

import Ring

/// What is there of a page that is being filled.
@safe package enum FillProgress: @unchecked Sendable {
  /// The first bytes of the page, final; valid as long as the waiter.
  // SAFETY: the waiter's pin keeps the page's units from being given to anybody else.
  case bytes(UnsafeRawBufferPointer)
  /// The fill has ended, well or not: `wait` tells.
  case ended
  /// The task was cancelled, or time was up, before so many bytes were there.
  case late
}

/// A wait for a fill that someone else does; dropping it leaves the queue.
@safe package struct FillWaiter: ~Copyable, @unchecked Sendable {
  private let record: Unmanaged<FillRecord>
  private let entry: UnsafeMutablePointer<PageEntry>
  /// Whether a pin is counted for it before the fill's end.
  private var hasPin = false

  /// A waiter that is counted in `record` already.
  init(_ record: FillRecord, entry: UnsafeMutablePointer<PageEntry>) {
    unsafe self.record = .passRetained(record)
    unsafe self.entry = entry
  }

  deinit {
    // SAFETY: retained in init, taken here or in `wait`, which discards the value.
    let record = unsafe record.takeRetainedValue()
    unsafe record.core.leave(record, entry, hasPin: hasPin)
  }

  /// Whether the filler is in no hurry.
  package var isBackground: Bool {
    let record = unsafe record.takeUnretainedValue()
    return unsafe record.core.isBackground(record, entry)
  }

  /// Suspends until the fill ends, and returns its lease or its failure.
  ///
  /// Resumes on the caller's executor, whichever thread ends the fill. When the task is cancelled first, it leaves and
  /// says `.abandoned`.
  package consuming func wait() async -> FillOutcome {
    let (record, entry) = unsafe (self.record.takeUnretainedValue(), self.entry)
    let hasPin = hasPin
    let sleeper = unsafe FillSleeper(record, entry, until: .max)
    await withTaskCancellationHandler {
      await sleeper.sleep()
    } onCancel: {
      sleeper.callOff()
    }
    guard unsafe record.core.isReached(.max, record, entry) else {
      _ = consume self
      return .failed(.abandoned)
    }
    unsafe self.record.release()
    discard self
    return unsafe record.core.outcome(of: record, entry, hasPin: hasPin)
  }

  /// Suspends until the filler has published the first `end` bytes (not 0) of the page or more, or the fill has ended;
  /// no longer than `limit`, nor when the task is cancelled.
  ///
  /// The bytes stay as they are and in place as long as this value lives, even when the fill fails. Resumes on the
  /// caller's executor.
  package mutating func progress(
    upTo end: Int, within limit: Duration? = nil
  ) async -> FillProgress {
    precondition(end > 0, "nothing is there at once")
    let (record, entry) = unsafe (self.record.takeUnretainedValue(), self.entry)
    if !hasPin {
      guard unsafe record.core.pin(record, entry) else { return .ended }
      hasPin = true
    }
    if unsafe !record.core.isReached(end, record, entry) {
      let sleeper = unsafe FillSleeper(record, entry, until: end)
      let timer = limit.flatMap { Self.timer($0, sleeper) }
      await withTaskCancellationHandler {
        await sleeper.sleep()
      } onCancel: {
        sleeper.callOff()
      }
      timer?.cancel()
      guard unsafe record.core.isReached(end, record, entry) else { return .late }
    }
    return unsafe record.core.progress(of: record, entry)
  }

  /// Calls `sleeper` off after `limit`; nil on no ring, which has no time.
  private static func timer(_ limit: Duration, _ sleeper: FillSleeper) -> Task<Void, Never>? {
    guard let reactor = Reactor.current else { return nil }
    return Task(executorPreference: reactor) {
      if await reactor.sleep(for: limit) { sleeper.callOff() }
    }
  }
}
