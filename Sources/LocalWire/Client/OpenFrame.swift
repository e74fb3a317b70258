// OPEN: a path becomes a handle on one version of a file.

/// A wish to open a file, or to know of it.
package struct OpenFrame: Sendable, Equatable {
  /// Most bytes of a path.
  package static let pathSizeMax = 8192

  /// How the path is meant.
  package enum PathKind: UInt16, Sendable {
    /// A path of the cluster's tree of mounts.
    case alluxio = 0
    /// The under file system's own path, with its scheme.
    case ufs = 1
  }

  /// How the path is meant.
  package let kind: PathKind
  /// The path.
  package let path: String
  /// Whether only the status is wanted, and no handle.
  package let isStatusOnly: Bool
  /// Whether the first page is to be leased at once, if it is in memory.
  package let isLeasing: Bool

  /// A wish of its parts.
  package init(
    _ path: String, kind: PathKind, isStatusOnly: Bool = false, isLeasing: Bool = false
  ) {
    self.path = path
    self.kind = kind
    self.isStatusOnly = isStatusOnly
    self.isLeasing = isLeasing
  }

  init(_ reader: inout FrameReader) throws(LocalWireError) {
    guard let kind = PathKind(rawValue: try reader.word16("kind")) else {
      throw LocalWireError(.value, "kind")
    }
    let size = Int(try reader.word16("length of path"))
    guard size <= OpenFrame.pathSizeMax else { throw LocalWireError(.tooLong, "length of path") }
    self.kind = kind
    let flags = try reader.flags("flags", known: 3)
    isStatusOnly = flags & 1 != 0
    isLeasing = flags & 2 != 0
    path = try reader.text(size, "path")
  }

  func write(to writer: inout FrameWriter) {
    writer.word16(kind.rawValue)
    writer.word16(UInt16(clamping: path.utf8.count))
    writer.word32((isStatusOnly ? 1 : 0) | (isLeasing ? 2 : 0))
    writer.text(path)
  }
}
