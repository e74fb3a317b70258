// What is logged of requests that were refused, and the id that the client got with the refusal.

import HTTPWire
import Logging
import Model
import Ring
import UFS

/// Logs refusals: those that are the client's doing at debug level, ours and the sources' as warnings, which repeat rarely.
struct RequestLog: Sendable {
  private let log: Logger
  private let failures: FailureLog?

  /// A log called `label`; failures of sources are counted and told by `failures`.
  init(label: String, failures: FailureLog? = nil) {
    log = Logger(label: label)
    self.failures = failures
  }

  /// The id of the request at hand, as it stands in the log and in `X-Request-Id`.
  static func id(of exchange: HTTPExchange) -> String { hexadecimal(exchange.requestID) }

  /// Logs that the request at hand is answered with `status` because of `reason`.
  ///
  /// `failure` is what a source said, if it is about one: that decides then, not the status.
  func refused(
    _ exchange: HTTPExchange, status: UInt16, reason: String, failure: UFSError? = nil
  ) {
    let isOurs = failure?.concernsOperators ?? (status >= 500 && status != 501)
    var level: Logger.Level = isOurs && !exchange.hasLeft ? .warning : .debug
    guard level >= LogSettings.shared.level else { return }
    var metadata: Logger.Metadata = [
      "id": "\(Self.id(of: exchange))", "status": "\(status)", "peer": "\(exchange.peerAddress)",
      "target": "\(unsafe String(decoding: exchange.request.rawTarget, as: UTF8.self))",
    ]
    if level == .warning, let failures {
      let word = failure.map { failures.word(of: $0) } ?? "\(status) \(reason.prefix(40))"
      switch failures.turn(of: word, now: exchange.reactor.now) {
      case .tell(let suppressed): if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
      case .keepQuiet: level = .debug
      }
    }
    guard level >= LogSettings.shared.level else { return }
    log.log(level: level, "request refused: \(reason)", metadata: metadata)
  }
}
