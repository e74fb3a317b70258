// INVALIDATED: a handle's version is no longer the file's.

/// News of an open file.
package struct InvalidatedFrame: Sendable, Equatable {
  /// What happened.
  package enum Reason: UInt32, Sendable, CaseIterable {
    /// The file has another version now.
    case changed = 1
    /// The file is not there any more.
    case gone = 2
    /// Its pages were freed here; the version may be the same.
    case freed = 3
  }

  /// The file.
  package let handle: UInt32
  /// What happened.
  package let reason: Reason

  /// News of its parts.
  package init(handle: UInt32, reason: Reason) {
    self.handle = handle
    self.reason = reason
  }

  init(_ reader: inout FrameReader) throws(LocalWireError) {
    handle = try reader.word32("handle")
    guard let reason = Reason(rawValue: try reader.word32("reason")) else {
      throw LocalWireError(.value, "reason")
    }
    self.reason = reason
  }

  func write(to writer: inout FrameWriter) {
    writer.word32(handle)
    writer.word32(reason.rawValue)
  }
}
