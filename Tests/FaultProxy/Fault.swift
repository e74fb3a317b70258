// What can be done to one exchange.

/// What happens to one request and its reply.
package enum Fault: Sendable {
  /// Nothing: both pass as they are.
  case none
  /// The connection is reset once the request is here; the origin never sees it.
  case resetBeforeHead
  /// The connection ends in good order once the request is here, without a reply.
  case closeBeforeHead
  /// The reply's head passes, then the connection is reset.
  case resetAfterHead
  /// The connection is reset after so many bytes of the body.
  case resetInBody(after: Int)
  /// The connection ends in good order after so many bytes of the body.
  case truncate(after: Int)
  /// Nothing comes any more after so many bytes of the body; nil: not even the head.
  case stall(after: Int?)
  /// The reply comes byte by byte, head and body, with a pause after each.
  case drip(pause: Duration)
  /// The proxy answers by itself, with an error as S3 tells it.
  case status(Int, retryAfter: Int? = nil)
  /// What comes is no HTTP.
  case garbage
  /// Content-Length is off by so many bytes, and the connection ends after the true body.
  case wrongLength(by: Int)
  /// Content-Range names a range that lies so many bytes further on.
  case wrongRange(by: Int)
  /// The reply carries another entity tag.
  case wrongETag
  /// The range is not passed on, so that the whole object comes with status 200.
  case wholeObject
  /// After so many bytes of the body the closure runs, on the proxy's thread; then the rest passes.
  case interlude(after: Int, @Sendable () -> Void)

  /// Whether anything is done at all.
  package var isNone: Bool {
    if case .none = self { true } else { false }
  }
}
