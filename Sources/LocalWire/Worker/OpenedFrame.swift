// OPENED: what a path is at this moment.

package import Model

/// The answer to OPEN.
package struct OpenedFrame: Sendable, Equatable {
  /// The handle; 0 when only the status was asked for, or for a directory.
  package let handle: UInt32
  /// Whether it is a directory.
  package let isDirectory: Bool
  /// Whether a LEASED of the first page follows under the same request.
  package let isLeaseBehind: Bool
  /// Length of the file in bytes.
  package let length: Int64
  /// When it was changed, milliseconds since 1970.
  package let modifiedAt: Int64
  /// The file at its version; zeros for a directory.
  package let key: FileKey
  /// Bytes of a full page.
  package let pageSize: UInt32
  /// The entity tag with its quotes; empty for a directory.
  package let entityTag: String

  /// An answer of its parts.
  package init(
    handle: UInt32, isDirectory: Bool, length: Int64, modifiedAt: Int64, key: FileKey,
    pageSize: UInt32, entityTag: String, isLeaseBehind: Bool = false
  ) {
    self.isLeaseBehind = isLeaseBehind
    self.handle = handle
    self.isDirectory = isDirectory
    self.length = length
    self.modifiedAt = modifiedAt
    self.key = key
    self.pageSize = pageSize
    self.entityTag = entityTag
  }

  init(_ reader: inout FrameReader) throws(LocalWireError) {
    handle = try reader.word32("handle")
    let flags = try reader.flags("flags", known: 3)
    isDirectory = flags & 1 != 0
    isLeaseBehind = flags & 2 != 0
    length = try reader.size("length")
    modifiedAt = Int64(bitPattern: try reader.word64("modified"))
    key = FileKey(high: try reader.word64("file key"), low: try reader.word64("file key"))
    pageSize = try reader.word32("page size")
    guard pageSize > 0 else { throw LocalWireError(.value, "page size") }
    let size = Int(try reader.word16("length of tag"))
    try reader.zero16("reserved")
    entityTag = try reader.text(size, "tag")
  }

  func write(to writer: inout FrameWriter) {
    writer.word32(handle)
    writer.word32((isDirectory ? 1 : 0) | (isLeaseBehind ? 2 : 0))
    writer.word64(UInt64(clamping: length))
    writer.word64(UInt64(bitPattern: modifiedAt))
    writer.word64(key.high)
    writer.word64(key.low)
    writer.word32(pageSize)
    let tag = cut(entityTag, to: 1024)
    writer.word16(UInt16(clamping: tag.utf8.count))
    writer.word16(0)
    writer.text(tag)
  }
}
