// DATA: bytes of a file in the frame itself.
//
//   0        8       12       16
//   | offset | count | source | bytes …

/// What stands before the bytes that answer READ.
package struct DataFrame: Sendable, Equatable {
  /// Bytes of the payload before the file's.
  package static let size = 16

  /// Where the bytes lie in the file.
  package let offset: Int64
  /// How many there are; fewer than asked for only at the file's end.
  package let count: Int
  /// Where they came from.
  package let source: PageSource

  /// A description of its parts.
  package init(offset: Int64, count: Int, source: PageSource) {
    self.offset = offset
    self.count = count
    self.source = source
  }

  init(_ reader: inout FrameReader) throws(LocalWireError) {
    offset = try reader.size("offset")
    count = Int(try reader.word32("length"))
    guard let source = PageSource(rawValue: try reader.word32("source")) else {
      throw LocalWireError(.value, "source")
    }
    self.source = source
    guard count <= ReadFrame.lengthMax else { throw LocalWireError(.tooLong, "length") }
    _ = try reader.take(count, "bytes")
  }

  /// Where the bytes are in the payload.
  package var range: Range<Int> { DataFrame.size..<DataFrame.size + count }

  func write(to writer: inout FrameWriter) {
    writer.word64(UInt64(clamping: offset))
    writer.word32(UInt32(clamping: count))
    writer.word32(source.rawValue)
  }
}
