// The reply head parser: incremental and strict, as that of requests (HTTPHeadParser).
//
// Each call sees all bytes received so far. Lines are found by HTTPHeadLines; the fields that decide where the reply ends follow
// the rules of HTTPFraming. Strict where two readers could disagree about where a reply ends (RFC 9112 §4, §5, §6): a reply that one
// of them would cut short is refused, because what is left would be taken for the next reply. Lenient in two places: the
// reason may be missing with its space, and equal Content-Length lines count once.

/// Incremental parser of one reply head.
package struct HTTPResponseHeadParser {
  /// What the bytes seen so far amount to.
  package typealias Outcome = HTTPHeadOutcome

  /// What has been parsed; complete after `complete`.
  package private(set) var head = HTTPResponseHead()
  private let limits: HTTPHeadLimits
  private var framing = HTTPFraming()
  private var lines: HTTPHeadLines
  /// Offset of the first header line; 0 before the status line is complete.
  private var fieldsOffset = 0

  /// A parser of one head within `limits`.
  package init(limits: HTTPHeadLimits) {
    self.limits = limits
    lines = HTTPHeadLines(sizeMax: limits.sizeMax)
  }

  /// Parses on, given all `bytes` since the first of the head; what follows the head is not looked at.
  ///
  /// The bytes of earlier calls may have moved but not changed.
  package mutating func parse(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    do throws(HTTPRejection) {
      while let (line, start) = try unsafe lines.next(in: bytes, withTabs: true) {
        if fieldsOffset == 0 {
          try unsafe parseStatusLine(line)
        } else if line.count > 0 {
          try unsafe parseField(line)
        } else {
          try complete()
          unsafe head.lines = Array(bytes.slice(fieldsOffset, start - fieldsOffset))
          return .complete
        }
      }
      return .incomplete
    } catch {
      return .rejected(error)
    }
  }

  /// Takes version and status: `HTTP/1.1 206 Partial Content`.
  private mutating func parseStatusLine(_ line: UnsafeRawBufferPointer) throws(HTTPRejection) {
    guard line.count >= 12, unsafe line.starts(with: "HTTP/"),
      let major = unsafe ASCII.digit(line[5]), unsafe line[6] == UInt8(ascii: "."),
      let minor = unsafe ASCII.digit(line[7]), unsafe line[8] == ASCII.space,
      unsafe line.count == 12 || line[12] == ASCII.space
    else { throw .malformedStatusLine }
    guard major == 1 else { throw .unsupportedVersion }
    guard let status = unsafe line.slice(9, 3).saturatedDecimal, status >= 100, status <= 599 else {
      throw .malformedStatusLine
    }
    head.minorVersion = minor == 0 ? 0 : 1
    head.status = UInt16(status)
    fieldsOffset = lines.offset
  }

  /// Takes a header line, which is not empty and holds no control byte but tabs.
  private mutating func parseField(_ line: UnsafeRawBufferPointer) throws(HTTPRejection) {
    head.fieldCount += 1
    guard head.fieldCount <= limits.fieldCountMax else { throw .tooManyFields }
    let colon = try unsafe HTTPHeadLines.colon(in: line)
    let name = unsafe line.slice(0, colon)
    let value = unsafe line.slice(colon + 1, line.count - colon - 1).trimmed
    switch colon {
    case 10 where unsafe name.equalsIgnoringCase("connection"): unsafe framing.takeConnection(value)
    case 14 where unsafe name.equalsIgnoringCase("content-length"):
      // Equal repetitions count once: proxies make them.
      try unsafe framing.takeContentLength(value, takesEqual: true)
    case 17 where unsafe name.equalsIgnoringCase("transfer-encoding"):
      try unsafe framing.takeTransferEncoding(value)
    default: break
    }
  }

  /// Checks what only the whole head can tell, and settles the connection's fate.
  private mutating func complete() throws(HTTPRejection) {
    head.keepAlive = try framing.settle(minorVersion: head.minorVersion)
    head.contentLength = framing.contentLength
    head.isChunked = framing.isChunked
    head.length = lines.offset
  }
}
