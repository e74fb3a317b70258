// A parsed request head: offsets into the bytes it was parsed from, typed fields, and a lazy look-up for the rest.
//
//   GET /v1/node?path=s3://b/k HTTP/1.1\r\n          target = path ? query
//   Host: w1:28080\r\n                               typed fields: taken while parsing
//   X-Any: thing\r\n                                 others: found by scanning when asked for
//   \r\n                                             length ends here
//
// The head owns nothing. Its views point into the connection's buffer and are valid until the response ends.

/// Head of a request: 1 value, no allocation.
// SAFETY: `base` outlives every use inside HTTPWire: the connection keeps the head's buffer until the response ends and
// handlers are told so; the offsets were bounds-checked by the parser.
@safe package struct HTTPRequestHead {
  /// A part of the head's bytes; offset 0 means absent, since a head begins with its method.
  struct Part {
    /// Offset in bytes from the start of the head.
    var offset: UInt32 = 0
    /// Size in bytes.
    var count: UInt32 = 0

    /// The part at `offset` of `count` bytes; both are below the head limit of 1 MiB.
    @inline(__always)
    init(_ offset: Int, _ count: Int) {
      self.offset = UInt32(truncatingIfNeeded: offset)
      self.count = UInt32(truncatingIfNeeded: count)
    }

    /// The absent part.
    @inline(__always)
    init() {}
  }

  /// First byte of the head; nil before a head is complete.
  var base: UnsafeRawPointer?
  /// Size of the head in bytes, leading and final empty lines included.
  package internal(set) var length = 0
  /// Method of the request.
  package internal(set) var method = HTTPMethod.other
  /// Minor version: 0 or 1.
  package internal(set) var minorVersion: UInt8 = 1
  /// Whether the body comes in chunks.
  package internal(set) var isChunked = false
  /// Whether the client wants to be told to send its body.
  package internal(set) var expectsContinue = false
  /// Whether the client keeps the connection open after the response.
  package internal(set) var keepAlive = true
  /// The body's length in bytes as stated; nil when it is chunked or there is none.
  package internal(set) var contentLength: Int64?
  /// Number of header lines.
  package internal(set) var fieldCount = 0

  var methodPart = Part()
  var targetPart = Part()
  var pathPart = Part()
  var queryPart = Part()
  var hostPart = Part()
  var rangePart = Part()
  var ifRangePart = Part()
  var ifMatchPart = Part()
  var ifNoneMatchPart = Part()
  /// Offset of the first header line.
  var fieldsOffset = 0

  /// An empty head.
  package init() {}

  /// Bytes of `part`, or nil when it is absent.
  @inline(__always)
  private func view(_ part: Part) -> UnsafeRawBufferPointer? {
    guard part.offset != 0, let base = unsafe base else { return nil }
    return unsafe UnsafeRawBufferPointer(start: base + Int(part.offset), count: Int(part.count))
  }

  /// Bytes of the method; useful where `method` is `other`.
  package var rawMethod: UnsafeRawBufferPointer {
    guard let base = unsafe base else { return unsafe UnsafeRawBufferPointer(start: nil, count: 0) }
    return unsafe UnsafeRawBufferPointer(
      start: base + Int(methodPart.offset), count: Int(methodPart.count))
  }

  /// Bytes of the request target as the client sent them; bytes above 0x7F may occur, controls and spaces never do.
  package var rawTarget: UnsafeRawBufferPointer {
    unsafe view(targetPart) ?? UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// Bytes of the target's path, still encoded, beginning with `/` (or `*` for OPTIONS); never empty.
  package var rawPath: UnsafeRawBufferPointer {
    unsafe view(pathPart) ?? UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// Bytes behind the target's first `?`, still encoded; nil without one.
  package var rawQuery: UnsafeRawBufferPointer? { unsafe view(queryPart) }

  /// Value of `Host`.
  package var host: UnsafeRawBufferPointer? { unsafe view(hostPart) }

  /// Value of `Range`; nil when absent or repeated.
  package var range: UnsafeRawBufferPointer? { unsafe view(rangePart) }

  /// Value of `If-Range`.
  package var ifRange: UnsafeRawBufferPointer? { unsafe view(ifRangePart) }

  /// Value of the first `If-Match` line.
  package var ifMatch: UnsafeRawBufferPointer? { unsafe view(ifMatchPart) }

  /// Value of the first `If-None-Match` line.
  package var ifNoneMatch: UnsafeRawBufferPointer? { unsafe view(ifNoneMatchPart) }

  /// Whether a body follows the head.
  package var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }
}

extension HTTPRequestHead {
  /// Calls `body` with the name and the trimmed value of each header line in order, until it returns false.
  package func forEachField(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool) {
    guard let base = unsafe base else { return }
    let bytes = unsafe UnsafeRawBufferPointer(
      start: base + fieldsOffset, count: length - fieldsOffset)
    unsafe HTTPHeadLines.forEachField(in: bytes, body)
  }

  /// The trimmed value of the first header line called `lowercaseName`, in any case; nil without one.
  ///
  /// Scans the head again: O(length of the head).
  package func value(of lowercaseName: StaticString) -> UnsafeRawBufferPointer? {
    var found: UnsafeRawBufferPointer?
    unsafe forEachField { name, value in
      guard unsafe name.equalsIgnoringCase(lowercaseName) else { return true }
      unsafe found = unsafe value
      return false
    }
    return unsafe found
  }

  /// The value of the first header line called `lowercaseName` as text; nil without one.
  package func text(of lowercaseName: StaticString) -> String? {
    unsafe value(of: lowercaseName)?.text
  }

  /// Whether `entityTag` (quotes included) passes the request's `If-Match`; true without that header.
  package func passesIfMatch(_ entityTag: String) -> Bool {
    guard unsafe ifMatch != nil else { return true }
    return anyTag(of: "if-match", matches: entityTag, weakly: false)
  }

  /// Whether `entityTag` (quotes included) is listed by the request's `If-None-Match`; false without that header.
  package func matchesIfNoneMatch(_ entityTag: String) -> Bool {
    guard unsafe ifNoneMatch != nil else { return false }
    return anyTag(of: "if-none-match", matches: entityTag, weakly: true)
  }

  /// Whether a line called `lowercaseName` lists `entityTag` or is `*`.
  private func anyTag(
    of lowercaseName: StaticString, matches entityTag: String, weakly: Bool
  ) -> Bool {
    var matched = false
    unsafe forEachField { name, value in
      guard unsafe name.equalsIgnoringCase(lowercaseName) else { return true }
      matched = unsafe HTTPEntityTag.list(value, contains: entityTag, weakly: weakly)
      return !matched
    }
    return matched
  }
}
