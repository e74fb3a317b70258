// Status codes and their reason phrases.

/// Status of a response.
package struct HTTPStatus: Sendable, Hashable {
  /// The three digits, 100…599.
  package let code: UInt16
  /// The words after the code.
  package let reason: StaticString

  /// A status of a `code` between 100 and 599 and its `reason`.
  package init(_ code: UInt16, _ reason: StaticString) {
    precondition(code >= 100 && code <= 599, "a status has three digits from 100 to 599")
    self.code = code
    self.reason = reason
  }

  package static func == (left: HTTPStatus, right: HTTPStatus) -> Bool { left.code == right.code }

  package func hash(into hasher: inout Hasher) { hasher.combine(code) }

  /// Whether a response of this status never has content (RFC 9110 §6.4.1).
  package var isBodiless: Bool { code < 200 || code == 204 || code == 304 }
}

extension HTTPStatus {
  /// 200.
  package static var ok: Self { Self(200, "OK") }
  /// 201.
  package static var created: Self { Self(201, "Created") }
  /// 202.
  package static var accepted: Self { Self(202, "Accepted") }
  /// 204.
  package static var noContent: Self { Self(204, "No Content") }
  /// 206.
  package static var partialContent: Self { Self(206, "Partial Content") }
  /// 304.
  package static var notModified: Self { Self(304, "Not Modified") }
  /// 307.
  package static var temporaryRedirect: Self { Self(307, "Temporary Redirect") }
  /// 400.
  package static var badRequest: Self { Self(400, "Bad Request") }
  /// 401.
  package static var unauthorized: Self { Self(401, "Unauthorized") }
  /// 403.
  package static var forbidden: Self { Self(403, "Forbidden") }
  /// 404.
  package static var notFound: Self { Self(404, "Not Found") }
  /// 405.
  package static var methodNotAllowed: Self { Self(405, "Method Not Allowed") }
  /// 408.
  package static var requestTimeout: Self { Self(408, "Request Timeout") }
  /// 409.
  package static var conflict: Self { Self(409, "Conflict") }
  /// 411.
  package static var lengthRequired: Self { Self(411, "Length Required") }
  /// 412.
  package static var preconditionFailed: Self { Self(412, "Precondition Failed") }
  /// 413.
  package static var contentTooLarge: Self { Self(413, "Content Too Large") }
  /// 416.
  package static var rangeNotSatisfiable: Self { Self(416, "Range Not Satisfiable") }
  /// 417.
  package static var expectationFailed: Self { Self(417, "Expectation Failed") }
  /// 429.
  package static var tooManyRequests: Self { Self(429, "Too Many Requests") }
  /// 431.
  package static var headerFieldsTooLarge: Self { Self(431, "Request Header Fields Too Large") }
  /// 500.
  package static var internalServerError: Self { Self(500, "Internal Server Error") }
  /// 501.
  package static var notImplemented: Self { Self(501, "Not Implemented") }
  /// 502.
  package static var badGateway: Self { Self(502, "Bad Gateway") }
  /// 503.
  package static var serviceUnavailable: Self { Self(503, "Service Unavailable") }
  /// 504.
  package static var gatewayTimeout: Self { Self(504, "Gateway Timeout") }
  /// 505.
  package static var versionNotSupported: Self { Self(505, "HTTP Version Not Supported") }
  /// 507.
  package static var insufficientStorage: Self { Self(507, "Insufficient Storage") }
}
