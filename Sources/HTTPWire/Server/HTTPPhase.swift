// What a connection is waiting for.

/// What a connection is waiting for; each phase but one has a timeout.
enum HTTPPhase: UInt8 {
  /// The first byte of a further request.
  case idle
  /// The end of a request head.
  case head
  /// The handler.
  case handling
  /// Bytes of a request body.
  case body
  /// Room for bytes of a response.
  case send
  /// The client's own end, after ours.
  case linger
}
