// What an attempt came to when it brought no answer.
//
//   404, 410   notFound  400, 401, 403, 407  denied     412, 416  changed     429  throttled
//   405, 501   unsupported    408, 5xx, timeouts, lost connections  unavailable

import HTTPWire
import Model

/// A failed attempt.
struct HTTPUFSFailure: Error, Sendable {
  /// Kind of failure.
  let code: UFSError.Code
  /// What is behind it.
  let cause: UFSError.Cause
  /// How long the server asks us to wait.
  var retryAfter: Duration?

  /// A failure of its parts.
  init(_ code: UFSError.Code, _ cause: UFSError.Cause) {
    self.code = code
    self.cause = cause
  }

  /// A broken rule of ours.
  init(_ code: UFSError.Code, _ rule: PathRule) { self.init(code, .rule(rule)) }

  /// A request that got no whole answer.
  init(_ error: HTTPClientError) {
    let code: UFSError.Code =
      switch error.code {
      // Nobody who is to be trusted could be asked: a certificate says nothing of the caller's rights.
      case .certificate: .unavailable
      case .resolve, .connect, .tls, .timeout, .reset, .truncated, .stopped: .unavailable
      case .malformed, .tooLarge: .io
      }
    self.init(code, .http(error))
  }

  /// A reply of a status that is no answer.
  init(_ reply: HTTPResponseHead) {
    let code: UFSError.Code =
      switch reply.status {
      case 404, 410: .notFound
      // Our requests are well made: a server that takes none misses TLS, a certificate of ours, or a name.
      case 400, 401, 403, 407: .denied
      case 412, 416: .changed
      case 429: .throttled
      case 405, 501: .unsupported
      case 411, 413, 414, 431: .invalid
      case 408, 425, 500, 502...599: .unavailable
      default: .io
      }
    self.init(code, .status(reply.status))
    retryAfter = Self.pause(reply)
  }

  /// The pause that `Retry-After` asks for, in seconds or as a date beside the server's own.
  private static func pause(_ reply: HTTPResponseHead) -> Duration? {
    guard let text = reply.field("Retry-After") else { return nil }
    if let seconds = Int64(text), seconds >= 0 { return .seconds(min(seconds, 86_400)) }
    guard let date = seconds(text), let now = reply.field("Date").flatMap({ seconds($0) }) else {
      return nil
    }
    return .seconds(min(max(0, date - now), 86_400))
  }

  private static func seconds(_ text: String) -> Int64? {
    var text = text
    return text.withUTF8 { unsafe HTTPDate.parse(UnsafeRawBufferPointer($0)) }
  }
}
