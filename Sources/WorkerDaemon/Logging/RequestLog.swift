// What is logged of requests that were refused, and the id that the client got with the refusal.

import HTTPWire
import Logging
import Model

/// Logs refusals: those that are the client's doing at debug level, ours as warnings.
struct RequestLog: Sendable {
  private let log: Logger

  /// A log called `label`.
  init(label: String) { log = Logger(label: label) }

  /// The id of the request at hand, as it stands in the log and in `X-Request-Id`.
  static func id(of exchange: HTTPExchange) -> String { hexadecimal(exchange.requestID) }

  /// Logs that the request at hand is answered with `status` because of `reason`.
  func refused(_ exchange: HTTPExchange, status: UInt16, reason: String) {
    let level: Logger.Level = status >= 500 && status != 501 ? .warning : .debug
    guard level >= LogSettings.shared.level else { return }
    log.log(
      level: level, "request refused: \(reason)",
      metadata: [
        "id": "\(Self.id(of: exchange))", "status": "\(status)", "peer": "\(exchange.peerAddress)",
        "target": "\(unsafe String(decoding: exchange.request.rawTarget, as: UTF8.self))",
      ])
  }
}
