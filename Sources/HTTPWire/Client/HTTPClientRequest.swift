// What a client asks.

/// One request.
// SAFETY: the body's bytes belong to the caller, who keeps them in place until `send` returns.
@safe package struct HTTPClientRequest {
  /// What follows the head.
  @safe package enum Body {
    /// Nothing.
    case none
    /// These bytes, which stay put until `send` returns.
    case bytes(UnsafeRawBufferPointer)
  }

  /// Where it goes.
  package var origin: HTTPOrigin
  /// The method; `other` is not for clients.
  package var method: HTTPMethod
  /// Path and query as they are to appear on the wire: percent-coded, beginning with a slash.
  package var target: String
  /// Further header lines, in order.
  ///
  /// `Host` and `Content-Length` are written unless they are among them.
  package var fields: [(name: String, value: String)]
  /// What follows the head.
  package var body: Body
  /// Whether the server may see it twice without harm; allows the repetition on a new connection when a kept one turns
  /// out to be dead.
  package var isIdempotent: Bool
  /// What may give it up before its head came; nil for nothing.
  package var abort: HTTPClientAbort?

  /// A request of its parts; idempotent unless it is a POST or PATCH, or said otherwise.
  package init(
    _ method: HTTPMethod, _ origin: HTTPOrigin, target: String,
    fields: [(name: String, value: String)] = [], body: Body = .none, isIdempotent: Bool? = nil
  ) {
    self.origin = origin
    self.method = method
    self.target = target
    self.fields = fields
    self.body = body
    self.isIdempotent = isIdempotent ?? (method != .post && method != .patch)
  }

  /// The bytes of the body; empty for none.
  var bodyBytes: UnsafeRawBufferPointer {
    switch body {
    case .none: unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    case .bytes(let bytes): unsafe bytes
    }
  }

  /// Whether a body is sent, an empty one too.
  var hasBody: Bool {
    if case .none = body { false } else { true }
  }
}

extension HTTPMethod {
  /// The token on the wire.
  var token: StaticString {
    switch self {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    case .options: "OPTIONS"
    case .patch: "PATCH"
    case .trace: "TRACE"
    case .connect: "CONNECT"
    case .other: preconditionFailure("a client names its method")
    }
  }
}
