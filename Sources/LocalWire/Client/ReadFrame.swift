// READ: bytes of an open file come through the socket.

/// A wish for bytes.
package struct ReadFrame: Sendable, Equatable {
  /// Most bytes of one wish.
  package static let lengthMax = 4 << 20

  /// The file.
  package let handle: UInt32
  /// Bytes wanted, at least 1.
  package let length: Int
  /// Where they begin in the file.
  package let offset: Int64

  /// A wish of its parts.
  package init(handle: UInt32, offset: Int64, length: Int) {
    self.handle = handle
    self.offset = offset
    self.length = length
  }

  init(_ reader: inout FrameReader) throws(LocalWireError) {
    handle = try reader.word32("handle")
    length = Int(try reader.word32("length"))
    guard (1...ReadFrame.lengthMax).contains(length) else { throw LocalWireError(.value, "length") }
    offset = try reader.size("offset")
  }

  func write(to writer: inout FrameWriter) {
    writer.word32(handle)
    writer.word32(UInt32(clamping: length))
    writer.word64(UInt64(clamping: offset))
  }
}
