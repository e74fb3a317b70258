// How a remote request ended, as far as flow control cares.

import Model

/// What became of one remote request.
package enum FlowOutcome: Sendable, Hashable {
  /// The store answered, be it with "not found"; so many bytes of content came or went.
  case ok(bytes: Int64)
  /// The store asked to slow down (429, 503), with the pause it named.
  case throttled(retryAfter: Duration?)
  /// The store could not be asked, or failed.
  case unavailable
  /// The store answered that what the mount names is not there: a setting of ours to correct.
  case misdirected
  /// No answer came in time.
  case timeout
  /// A second request was quicker; how it would have ended is not known.
  case overtaken
  /// It ended for a reason that says nothing of the store: cancelled, dropped, our own fault.
  case failed
}

extension FlowOutcome {
  /// What an error says of the store.
  package init(_ error: UFSError, retryAfter: Duration?) {
    switch error.code {
    case .throttled: self = .throttled(retryAfter: retryAfter)
    case .unavailable, .io:
      self =
        error.isGivenUp
        ? .failed
        : error.isMisdirected ? .misdirected : error.isTimeout ? .timeout : .unavailable
    case .invalid, .escapesMount, .unsupported: self = .failed
    case .notFound, .denied, .changed, .exists, .notEmpty, .isDirectory, .notDirectory, .noSpace:
      self = .ok(bytes: 0)
    }
  }
}
