// Why a request was not let through, in words for an operator.

/// A request that flow control did not let through.
package struct FlowRefusal: Sendable, Hashable, CustomStringConvertible {
  /// Why it was not.
  package enum Reason: Sendable, Hashable {
    /// Its deadline passed before its turn came.
    case deadline
    /// Its task was cancelled.
    case cancelled
    /// The worker stops.
    case closed
    /// Too many wait already.
    case crowded
    /// The store has stopped answering.
    case silent
    /// The store refuses every request.
    case storm
  }

  /// Why.
  package let reason: Reason
  /// Alluxio path of the mount.
  package let mount: String
  /// Host, or host and bucket, that the request was for.
  package let scope: String
  /// What it would have done.
  package let verb: FlowVerb
  /// Requests in flight and waiting at that gate.
  package let inFlight: Int
  package let waiting: Int

  package var description: String {
    let why =
      switch reason {
      case .deadline: "no turn before the deadline"
      case .cancelled: "cancelled while it waited for its turn"
      case .closed: "the worker stops"
      case .crowded: "too many requests wait for their turn"
      case .silent:
        "the store does not answer: it is asked once a second, and others are not kept waiting;"
          + " refused"
      case .storm:
        "the store refuses every request (429 or 503): it is asked once in a while, and others are not"
          + " kept waiting; refused"
      }
    return
      "\(why) at the gate of mount \(mount), \(scope), \(verb.name): \(inFlight) in flight,"
      + " \(waiting) waiting"
  }
}
