// The reply head parser: incremental and strict, as that of requests (HTTPHeadParser).
//
// Each call sees all bytes received so far; the parser remembers how far it has looked, so that a head that trickles in byte by
// byte is scanned once. Strict where two readers could disagree about where a reply ends (RFC 9112 §4, §5, §6): a reply that one
// of them would cut short is refused, because what is left would be taken for the next reply. Lenient in two places: the
// reason may be missing with its space, and equal Content-Length lines count once.

/// Incremental parser of one reply head.
package struct HTTPResponseHeadParser {
  /// What the bytes seen so far amount to.
  package enum Outcome: Sendable, Hashable {
    /// The head has not ended yet.
    case incomplete
    /// The head is complete; `head.length` bytes belong to it.
    case complete
    /// The head breaks a rule; nothing that follows can be trusted.
    case rejected(HTTPRejection)
  }

  /// Fields that must not occur twice, or that change the meaning of others.
  private struct Seen: OptionSet {
    let rawValue: UInt8
    static let statusLine = Seen(rawValue: 1)
    static let transferEncoding = Seen(rawValue: 2)
    static let close = Seen(rawValue: 4)
    static let keepAlive = Seen(rawValue: 8)
  }

  /// What has been parsed; complete after `complete`.
  package private(set) var head = HTTPResponseHead()
  private let limits: HTTPHeadLimits
  private var seen: Seen = []
  /// Offset of the first byte of the line being read.
  private var lineOffset = 0
  /// Offset up to which that line holds no control byte.
  private var scanOffset = 0
  /// Offset of the first header line.
  private var fieldsOffset = 0

  /// A parser of one head within `limits`.
  package init(limits: HTTPHeadLimits) { self.limits = limits }

  /// Parses on, given all `bytes` since the first of the head; what follows the head is not looked at.
  ///
  /// The bytes of earlier calls may have moved but not changed.
  package mutating func parse(_ bytes: UnsafeRawBufferPointer) -> Outcome {
    do throws(HTTPRejection) {
      while let end = try unsafe lineEnd(in: bytes) {
        let line = unsafe bytes.slice(lineOffset, end - lineOffset)
        lineOffset = end + 2
        scanOffset = lineOffset
        guard lineOffset <= limits.sizeMax else { throw .headTooLarge }
        if !seen.contains(.statusLine) {
          try unsafe parseStatusLine(line)
        } else if line.count > 0 {
          try unsafe parseField(line)
        } else {
          try complete()
          unsafe head.lines = Array(bytes.slice(fieldsOffset, end - fieldsOffset))
          return .complete
        }
      }
      // The head needs at least one more byte than has arrived.
      guard bytes.count < limits.sizeMax else { throw .headTooLarge }
      return .incomplete
    } catch {
      return .rejected(error)
    }
  }

  /// The offset of the carriage return that ends the current line, or nil when it has not arrived.
  private mutating func lineEnd(
    in bytes: UnsafeRawBufferPointer
  ) throws(HTTPRejection) -> Int? {
    var offset = scanOffset
    while true {
      offset = unsafe ASCII.firstByte(below: 0x20, in: bytes, from: offset)
      scanOffset = offset
      guard offset < bytes.count else { return nil }
      switch unsafe bytes[offset] {
      case ASCII.carriageReturn:
        guard offset + 1 < bytes.count else { return nil }
        guard unsafe bytes[offset + 1] == ASCII.lineFeed else { throw .bareCarriageReturn }
        return offset
      case ASCII.tab: offset += 1
      case ASCII.lineFeed: throw .bareLineFeed
      default: throw .controlByte
      }
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
    seen.insert(.statusLine)
    fieldsOffset = lineOffset
  }

  /// Takes a header line, which is not empty and holds no control byte but tabs.
  private mutating func parseField(_ line: UnsafeRawBufferPointer) throws(HTTPRejection) {
    head.fieldCount += 1
    guard head.fieldCount <= limits.fieldCountMax else { throw .tooManyFields }
    var colon = 0
    while colon < line.count, unsafe ASCII.isToken(line[colon]) { colon &+= 1 }
    guard colon < line.count else { throw .missingColon }
    switch unsafe line[colon] {
    case UInt8(ascii: ":"): break
    case ASCII.space, ASCII.tab: throw colon == 0 ? .foldedField : .spaceBeforeColon
    default: throw .malformedFieldName
    }
    guard colon > 0 else { throw .malformedFieldName }
    let name = unsafe line.slice(0, colon)
    let value = unsafe line.slice(colon + 1, line.count - colon - 1).trimmed
    switch colon {
    case 10 where unsafe name.equalsIgnoringCase("connection"): unsafe takeConnection(value)
    case 14 where unsafe name.equalsIgnoringCase("content-length"):
      try unsafe takeContentLength(value)
    case 17 where unsafe name.equalsIgnoringCase("transfer-encoding"):
      try unsafe takeTransferEncoding(value)
    default: break
    }
  }

  /// Looks for `close` and `keep-alive` in the list `value`.
  private mutating func takeConnection(_ value: UnsafeRawBufferPointer) {
    var start = 0
    while start <= value.count {
      var end = start
      while end < value.count, unsafe value[end] != UInt8(ascii: ",") { end += 1 }
      let option = unsafe value.slice(start, end - start).trimmed
      if unsafe option.equalsIgnoringCase("close") { seen.insert(.close) }
      if unsafe option.equalsIgnoringCase("keep-alive") { seen.insert(.keepAlive) }
      start = end + 1
    }
  }

  /// Digits only; a second line must say the same.
  private mutating func takeContentLength(
    _ value: UnsafeRawBufferPointer
  ) throws(HTTPRejection) {
    guard let length = unsafe value.saturatedDecimal else { throw .malformedContentLength }
    guard length < .max else { throw .contentLengthTooLarge }
    guard head.contentLength == nil || head.contentLength == length else {
      throw .repeatedContentLength
    }
    head.contentLength = length
  }

  /// Exactly `chunked`, once: we ask for no other coding.
  private mutating func takeTransferEncoding(
    _ value: UnsafeRawBufferPointer
  ) throws(HTTPRejection) {
    guard !seen.contains(.transferEncoding) else { throw .repeatedTransferEncoding }
    seen.insert(.transferEncoding)
    guard unsafe value.equalsIgnoringCase("chunked") else { throw .unknownTransferEncoding }
    head.isChunked = true
  }

  /// Checks what only the whole head can tell, and settles the connection's fate.
  private mutating func complete() throws(HTTPRejection) {
    if seen.contains(.transferEncoding) {
      // Somebody on the way may have believed the other one: RFC 9112 §6.1.
      if head.contentLength != nil { throw .contentLengthWithTransferEncoding }
      if head.minorVersion == 0 { throw .transferEncodingInHTTP10 }
    }
    head.keepAlive =
      !seen.contains(.close) && (head.minorVersion == 1 || seen.contains(.keepAlive))
    head.length = lineOffset
  }
}
