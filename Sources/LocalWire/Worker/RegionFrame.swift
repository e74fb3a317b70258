// REGION: memory that offsets will speak of; its descriptor comes with the frame.

/// An arena, told once.
package struct RegionFrame: Sendable, Equatable {
  /// Its number, never 0: that is the window.
  package let region: UInt16
  /// The NUMA node that its memory is on, -1 when unknown.
  package let node: Int32
  /// Its bytes.
  package let size: UInt64

  /// A region of its parts.
  package init(region: UInt16, node: Int32, size: UInt64) {
    self.region = region
    self.node = node
    self.size = size
  }

  init(_ reader: inout FrameReader) throws(LocalWireError) {
    region = try reader.word16("region")
    guard region != 0 else { throw LocalWireError(.value, "region") }
    guard try reader.word16("kind") == 0 else { throw LocalWireError(.value, "kind") }
    node = Int32(bitPattern: try reader.word32("node"))
    size = try reader.word64("bytes")
    guard size > 0, size <= 1 << 46 else { throw LocalWireError(.value, "bytes") }
  }

  func write(to writer: inout FrameWriter) {
    writer.word16(region)
    writer.word16(0)
    writer.word32(UInt32(bitPattern: node))
    writer.word64(size)
  }
}
