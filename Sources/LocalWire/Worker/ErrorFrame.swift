// ERROR: why a request was not done, or why the connection ends.

/// The answer that is none.
package struct ErrorFrame: Error, Sendable, Equatable {
  /// Why.
  package let code: LocalCode
  /// Milliseconds after which trying again makes sense; 0 for never mind.
  package let retryAfter: UInt32
  /// For people.
  package let message: String

  /// An error of its parts; a message longer than 4 KiB is cut.
  package init(_ code: LocalCode, _ message: String, retryAfter: UInt32 = 0) {
    self.code = code
    self.message = cut(message, to: 4096)
    self.retryAfter = retryAfter
  }

  init(_ reader: inout FrameReader) throws(LocalWireError) {
    guard let code = UInt8(exactly: try reader.word16("code")).flatMap(LocalCode.init(rawValue:))
    else { throw LocalWireError(.value, "code") }
    self.code = code
    try reader.zero16("reserved")
    retryAfter = try reader.word32("retry")
    let size = Int(try reader.word16("length of message"))
    try reader.zero16("reserved")
    message = try reader.text(size, "message")
  }

  func write(to writer: inout FrameWriter) {
    writer.word16(UInt16(code.rawValue))
    writer.word16(0)
    writer.word32(retryAfter)
    writer.word16(UInt16(clamping: message.utf8.count))
    writer.word16(0)
    writer.text(message)
  }
}
