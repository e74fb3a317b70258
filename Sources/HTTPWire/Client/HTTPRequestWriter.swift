// A request's head as bytes. What would let a name or value begin another line is refused.

/// Composes request heads.
enum HTTPRequestWriter {
  /// The head of `request`; nil when its target or a field holds a byte that cannot stand there.
  ///
  /// With `absolute` the target names the origin, as a proxy wants it.
  static func head(
    of request: HTTPClientRequest, userAgent: String, absolute: Bool
  ) -> [UInt8]? {
    var out: [UInt8] = []
    out.reserveCapacity(512)
    append(request.method.token, to: &out)
    out.append(ASCII.space)
    guard request.target.utf8.first == UInt8(ascii: "/"), request.target.utf8.allSatisfy(isTarget)
    else { return nil }
    if absolute { out += "\(request.origin)".utf8 }
    out += request.target.utf8
    append(" HTTP/1.1\r\n", to: &out)
    var given = Given()
    for field in request.fields {
      guard !field.name.isEmpty, field.name.utf8.allSatisfy(ASCII.isToken),
        field.value.utf8.allSatisfy(isValue)
      else { return nil }
      given.note(field.name)
      line(field.name, field.value, to: &out)
    }
    if !given.host { line("Host", request.origin.authority, to: &out) }
    if !given.userAgent, !userAgent.isEmpty { line("User-Agent", userAgent, to: &out) }
    if !given.length, let length = length(of: request) {
      line("Content-Length", "\(length)", to: &out)
    }
    append("\r\n", to: &out)
    return out
  }

  /// Which of the fields that the writer adds the request has itself.
  private struct Given {
    var host = false
    var length = false
    var userAgent = false

    mutating func note(_ name: String) {
      switch name.utf8.count {
      case 4: host = host || name.lowercased() == "host"
      case 10: userAgent = userAgent || name.lowercased() == "user-agent"
      case 14: length = length || name.lowercased() == "content-length"
      default: break
      }
    }
  }

  /// What Content-Length says: the body's size, 0 for methods that are expected to have a body, nil for others.
  private static func length(of request: HTTPClientRequest) -> Int? {
    if request.hasBody { return unsafe request.bodyBytes.count }
    switch request.method {
    case .post, .put, .patch: return 0
    default: return nil
    }
  }

  private static func line(_ name: String, _ value: String, to out: inout [UInt8]) {
    out += name.utf8
    append(": ", to: &out)
    out += value.utf8
    append("\r\n", to: &out)
  }

  private static func append(_ text: StaticString, to out: inout [UInt8]) {
    text.withUTF8Buffer { unsafe out.append(contentsOf: $0) }
  }

  private static func isTarget(_ byte: UInt8) -> Bool { byte > ASCII.space && byte < 0x7F }

  private static func isValue(_ byte: UInt8) -> Bool {
    (byte >= ASCII.space && byte != 0x7F) || byte == ASCII.tab
  }
}
