// What the store answers. Expected outcomes are values; each holds what must be released, so none can be copied.

/// The answer to a look-up.
package enum Lookup: ~Copyable, Sendable {
  /// The page is in memory and held by the lease.
  case hit(PageLease)
  /// The page is on a disk and held by the lease; its bytes are to be read.
  case stored(StoredLease)
  /// The page is not here, or not valid yet.
  case miss
}

/// The answer to a wish to fill a page, decided atomically against every other thread.
package enum FillDecision: ~Copyable, Sendable {
  /// The page is in memory already.
  case hit(PageLease)
  /// The page is on a disk already.
  case stored(StoredLease)
  /// The caller brings the page: it writes the buffer, then commits or fails.
  case owner(PageFill)
  /// Someone else brings the page; the waiter gets what comes of it.
  case join(FillWaiter)
  /// The page cannot be kept; the caller passes its bytes through.
  case rejected(Rejection)
}

/// What came of a fill that someone else did.
package enum FillOutcome: ~Copyable, Sendable {
  /// The page is here and held by the lease.
  case hit(PageLease)
  /// The fill failed; the caller may ask to fill again, or pass through.
  case failed(FillFailure)
}

/// Why a page cannot be kept.
package enum Rejection: Sendable, Equatable {
  /// Every page that could leave is held, or room was not found within the bounded effort of one fill.
  case full
  /// The pages in memory are all to be written to disk first: room comes within moments (`waitForRoom`).
  case busy
  /// Every page that could leave has a higher priority.
  case priority
  /// The page would be empty or longer than the page size.
  case lengthInvalid
}

/// Why a fill did not give a page.
package enum FillFailure: Error, Sendable {
  /// The filler went away without a word: cancelled, or its connection was dropped.
  case abandoned
  /// The store had no room.
  case rejected(Rejection)
  /// The source failed with its own error.
  case source(any Error)
}
