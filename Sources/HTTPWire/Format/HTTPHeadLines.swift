// The lines of a head, of a request or a reply: where each ends, where its name ends.
//
// A line is scanned eight bytes at a time for the first control byte, which is its end in every honest head. How far that scan
// has come is remembered, so that a head that trickles in byte by byte is scanned once.

/// Cuts a head into lines as its bytes arrive.
struct HTTPHeadLines {
  /// Offset of the first byte of the line being read: size of the head once its last line was.
  private(set) var offset = 0
  /// Offset up to which that line holds no control byte.
  private var scanOffset = 0
  private let sizeMax: Int

  /// Lines of a head of at most `sizeMax` bytes.
  init(sizeMax: Int) { self.sizeMax = sizeMax }

  /// The next line without its end, and its offset, given all `bytes` of the head so far; nil when its end has not arrived.
  ///
  /// - Throws: `.headTooLarge`, and what a bare line end or another control byte is called.
  @inline(__always)
  mutating func next(
    in bytes: UnsafeRawBufferPointer, withTabs: Bool
  ) throws(HTTPRejection) -> (line: UnsafeRawBufferPointer, start: Int)? {
    guard let end = try unsafe lineEnd(in: bytes, withTabs: withTabs) else {
      // The head needs at least one more byte than has arrived.
      guard bytes.count < sizeMax else { throw .headTooLarge }
      return nil
    }
    let start = offset
    offset = end + 2
    scanOffset = offset
    guard offset <= sizeMax else { throw .headTooLarge }
    return unsafe (bytes.slice(start, end - start), start)
  }

  /// The offset of the carriage return that ends the current line, or nil when it has not arrived.
  @inline(__always)
  private mutating func lineEnd(
    in bytes: UnsafeRawBufferPointer, withTabs: Bool
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
      case ASCII.tab where withTabs: offset += 1
      case ASCII.lineFeed: throw .bareLineFeed
      default: throw .controlByte
      }
    }
  }

  /// The offset of the colon in the header line `line`, which is not empty: a token stands before it (RFC 9112 §5.1).
  @inline(__always)
  static func colon(in line: UnsafeRawBufferPointer) throws(HTTPRejection) -> Int {
    var colon = 0
    while colon < line.count, unsafe ASCII.isToken(line[colon]) { colon &+= 1 }
    guard colon < line.count else { throw .missingColon }
    switch unsafe line[colon] {
    case UInt8(ascii: ":"): break
    case ASCII.space, ASCII.tab: throw colon == 0 ? .foldedField : .spaceBeforeColon
    default: throw .malformedFieldName
    }
    guard colon > 0 else { throw .malformedFieldName }
    return colon
  }

  /// Calls `body` with the name and the trimmed value of each header line in `bytes`, until it returns false.
  ///
  /// The lines were parsed before; an empty one or the end of `bytes` ends them.
  static func forEachField(
    in bytes: UnsafeRawBufferPointer,
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
  ) {
    var offset = 0
    while offset < bytes.count, unsafe bytes[offset] != ASCII.carriageReturn {
      var colon = offset
      while colon < bytes.count, unsafe bytes[colon] != UInt8(ascii: ":") { colon += 1 }
      var end = colon
      while end < bytes.count, unsafe bytes[end] != ASCII.carriageReturn { end += 1 }
      guard end < bytes.count else { return }
      let name = unsafe bytes.slice(offset, colon - offset)
      let value = unsafe bytes.slice(colon + 1, end - colon - 1).trimmed
      guard unsafe body(name, value) else { return }
      offset = end + 2
    }
  }
}
