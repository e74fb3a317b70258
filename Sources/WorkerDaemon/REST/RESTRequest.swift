// What the REST API needs of a request's head, copied out of the connection's buffer.

import HTTPWire

/// A request's target and method.
struct RESTRequest {
  /// Path bytes, still encoded.
  let path: [UInt8]
  /// Query bytes, still encoded; empty without one.
  let query: [UInt8]
  /// Method as the client sent it.
  let method: String

  /// Copies the target of the exchange's request: the head's bytes do not outlive the first read of a body.
  init(_ exchange: HTTPExchange) {
    let head = exchange.request
    path = unsafe Array(head.rawPath)
    query = unsafe head.rawQuery.map { unsafe Array($0) } ?? []
    method = unsafe String(decoding: head.rawMethod, as: UTF8.self)
  }

  /// Whether the request changes something.
  var isChange: Bool { method == "POST" || method == "PUT" }
}
