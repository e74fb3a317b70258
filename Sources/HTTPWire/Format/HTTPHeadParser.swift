// The request head parser: incremental, strict, without allocation.
//
// Each call sees all bytes received so far. A line is found (HTTPHeadLines), then its name is walked and known fields are taken;
// those that decide where the message ends follow the rules of HTTPFraming.
//
// Strict where two parsers could disagree about where a message ends (RFC 9112 §2.2, §3, §5, §6, §11.2). Lenient in one place:
// bytes above 0x7F are accepted in targets and values, because clients paste names as they are.

/// Incremental parser of one request head.
package struct HTTPHeadParser {
  /// What the bytes seen so far amount to.
  package typealias Outcome = HTTPHeadOutcome

  /// Lines that must not occur twice, or that change the meaning of others.
  struct Seen: OptionSet {
    let rawValue: UInt8
    static let host = Seen(rawValue: 1)
    static let range = Seen(rawValue: 2)
    static let expectation = Seen(rawValue: 4)
    static let requestLine = Seen(rawValue: 8)
  }

  /// What has been parsed; complete after `complete`.
  package internal(set) var head = HTTPRequestHead()
  let limits: HTTPHeadLimits
  var seen: Seen = []
  var framing = HTTPFraming()
  private var lines: HTTPHeadLines

  /// A parser of one head within `limits`.
  package init(limits: HTTPHeadLimits) {
    self.limits = limits
    lines = HTTPHeadLines(sizeMax: limits.sizeMax)
  }

  /// Parses on, given all `bytes` since the first of the head; what follows the head is not looked at.
  ///
  /// The bytes of earlier calls may have moved but not changed. After `complete` the head's views point into `bytes`.
  package mutating func parse(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    do throws(HTTPRejection) {
      while let (line, start) = try unsafe lines.next(
        in: bytes, withTabs: seen.contains(.requestLine))
      {
        if !seen.contains(.requestLine) {
          // One empty line before a request is forgiven (RFC 9112 §2.2).
          if line.count == 0 && start == 0 { continue }
          try unsafe parseRequestLine(line, at: start)
        } else if line.count > 0 {
          try unsafe parseField(line, at: start)
        } else {
          try complete()
          unsafe head.base = bytes.baseAddress
          return .complete
        }
      }
      return .incomplete
    } catch {
      return .rejected(error)
    }
  }

  /// Takes method, target and version from the request line at offset `start`.
  private mutating func parseRequestLine(
    _ line: UnsafeRawBufferPointer, at start: Int
  ) throws(HTTPRejection) {
    var offset = 0
    while offset < line.count, unsafe ASCII.isToken(line[offset]) { offset &+= 1 }
    guard offset < line.count else { throw .malformedRequestLine }
    guard offset > 0, unsafe line[offset] == ASCII.space else { throw .malformedMethod }
    head.methodPart = .init(start, offset)
    head.method = unsafe HTTPMethod(token: line.slice(0, offset))
    let targetStart = offset + 1
    let targetEnd = unsafe ASCII.firstByte(below: 0x21, in: line, from: targetStart)
    guard targetEnd < line.count, targetEnd > targetStart else { throw .malformedRequestLine }
    try unsafe parseVersion(line.slice(targetEnd + 1, line.count - targetEnd - 1))
    let target = unsafe line.slice(targetStart, targetEnd - targetStart)
    try unsafe parseTarget(target, at: start + targetStart)
    seen.insert(.requestLine)
    head.fieldsOffset = lines.offset
  }

  /// Takes the version, which is exactly `HTTP/1.0` or `HTTP/1.1`, or a later minor version spoken as 1.1.
  @inline(__always)
  private mutating func parseVersion(_ version: UnsafeRawBufferPointer) throws(HTTPRejection) {
    guard version.count == 8, unsafe version.starts(with: "HTTP/"),
      let major = unsafe ASCII.digit(version[5]), unsafe version[6] == UInt8(ascii: "."),
      let minor = unsafe ASCII.digit(version[7])
    else { throw .malformedVersion }
    guard major == 1 else { throw .unsupportedVersion }
    head.minorVersion = minor == 0 ? 0 : 1
  }

  /// Splits the target at offset `start` in path and query; the forms of RFC 9112 §3.2 but CONNECT's.
  @inline(__always)
  private mutating func parseTarget(
    _ target: UnsafeRawBufferPointer, at start: Int
  ) throws(HTTPRejection) {
    head.targetPart = .init(start, target.count)
    var pathStart = 0
    if unsafe target[0] != UInt8(ascii: "/") {
      if head.method == .options, unsafe target.equals("*") {
        head.pathPart = head.targetPart
        return
      }
      guard unsafe target.starts(with: "http://") || target.starts(with: "https://") else {
        throw .malformedTarget
      }
      pathStart = unsafe target[4] == UInt8(ascii: ":") ? 7 : 8
      while pathStart < target.count, unsafe target[pathStart] != UInt8(ascii: "/") {
        pathStart += 1
      }
      guard pathStart < target.count else { throw .malformedTarget }
    }
    var pathEnd = pathStart
    while pathEnd < target.count, unsafe target[pathEnd] != UInt8(ascii: "?") { pathEnd &+= 1 }
    head.pathPart = .init(start + pathStart, pathEnd - pathStart)
    if pathEnd < target.count {
      head.queryPart = .init(start + pathEnd + 1, target.count - pathEnd - 1)
    }
  }

  /// Checks what only the whole head can tell, and settles the connection's fate.
  private mutating func complete() throws(HTTPRejection) {
    if head.minorVersion == 1 && !seen.contains(.host) { throw .missingHost }
    // RFC 9110 §10.1.1: an HTTP/1.0 client cannot have meant it.
    head.expectsContinue = seen.contains(.expectation) && head.minorVersion == 1
    head.keepAlive = try framing.settle(minorVersion: head.minorVersion)
    head.contentLength = framing.contentLength
    head.isChunked = framing.isChunked
    head.length = lines.offset
  }
}
