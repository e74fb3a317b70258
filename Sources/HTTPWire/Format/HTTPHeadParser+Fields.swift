// Header lines: the name's syntax, and the fields that decide how the connection goes on.

extension HTTPHeadParser {
  /// Takes the header line at offset `start`, which is not empty and holds no control byte but tabs.
  @inline(__always)
  mutating func parseField(
    _ line: UnsafeRawBufferPointer, at start: Int
  ) throws(HTTPRejection) {
    head.fieldCount += 1
    guard head.fieldCount <= limits.fieldCountMax else { throw .tooManyFields }
    let colon = try unsafe HTTPHeadLines.colon(in: line)
    let name = unsafe line.slice(0, colon)
    guard Self.isKnownLength(colon) else { return }
    var valueStart = colon + 1
    var valueEnd = line.count
    while valueStart < valueEnd, unsafe Self.isBlank(line[valueStart]) { valueStart &+= 1 }
    while valueEnd > valueStart, unsafe Self.isBlank(line[valueEnd &- 1]) { valueEnd &-= 1 }
    try unsafe takeField(
      name, line.slice(valueStart, valueEnd - valueStart),
      part: .init(start + valueStart, valueEnd - valueStart))
  }

  /// Whether a field name of `count` bytes may be one that the parser takes.
  @inline(__always)
  private static func isKnownLength(_ count: Int) -> Bool {
    // Lengths 4, 5, 6, 8, 10, 13, 14 and 17.
    count < 64 && (0x2_6570 as UInt64) &>> UInt64(truncatingIfNeeded: count) & 1 == 1
  }

  @inline(__always)
  private static func isBlank(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }

  /// Takes `value`, which is trimmed and lies at `part`, if `name` is a field the parser knows.
  private mutating func takeField(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, part: HTTPRequestHead.Part
  ) throws(HTTPRejection) {
    switch name.count {
    case 4 where unsafe name.equalsIgnoringCase("host"): try unsafe takeHost(value, part)
    case 5 where unsafe name.equalsIgnoringCase("range"): takeRange(part)
    case 6 where unsafe name.equalsIgnoringCase("expect"): try unsafe takeExpectation(value)
    case 8 where unsafe name.equalsIgnoringCase("if-match"):
      Self.keepFirst(part, in: &head.ifMatchPart)
    case 8 where unsafe name.equalsIgnoringCase("if-range"):
      Self.keepFirst(part, in: &head.ifRangePart)
    case 10 where unsafe name.equalsIgnoringCase("connection"): unsafe framing.takeConnection(value)
    case 13 where unsafe name.equalsIgnoringCase("if-none-match"):
      Self.keepFirst(part, in: &head.ifNoneMatchPart)
    case 14 where unsafe name.equalsIgnoringCase("content-length"):
      try unsafe framing.takeContentLength(value, takesEqual: false)
    case 17 where unsafe name.equalsIgnoringCase("transfer-encoding"):
      try unsafe framing.takeTransferEncoding(value)
    default: break
    }
  }

  /// Remembers `part` in `place` unless an earlier line did.
  @inline(__always)
  private static func keepFirst(
    _ part: HTTPRequestHead.Part, in place: inout HTTPRequestHead.Part
  ) {
    if place.offset == 0 { place = part }
  }

  /// One Host line per request (RFC 9112 §3.2), without what can only stand elsewhere in a URL.
  private mutating func takeHost(
    _ value: UnsafeRawBufferPointer, _ part: HTTPRequestHead.Part
  ) throws(HTTPRejection) {
    guard !seen.contains(.host) else { throw .repeatedHost }
    for offset in 0..<value.count {
      switch unsafe value[offset] {
      case ASCII.space, ASCII.tab, UInt8(ascii: ","), UInt8(ascii: "/"), UInt8(ascii: "?"),
        UInt8(ascii: "#"), UInt8(ascii: "@"), UInt8(ascii: "\\"):
        throw .malformedHost
      default: break
      }
    }
    seen.insert(.host)
    head.hostPart = part
  }

  /// A repeated Range is no range at all: the whole is served.
  private mutating func takeRange(_ part: HTTPRequestHead.Part) {
    head.rangePart = seen.contains(.range) ? .init() : part
    seen.insert(.range)
  }

  /// Only `100-continue` is known (RFC 9110 §10.1.1).
  private mutating func takeExpectation(
    _ value: UnsafeRawBufferPointer
  ) throws(HTTPRejection) {
    guard unsafe value.equalsIgnoringCase("100-continue") else { throw .unknownExpectation }
    seen.insert(.expectation)
  }
}
