// What a copy takes over from its source besides the bytes.

/// Attributes of a file.
package struct UFSAttributes: Sendable, Hashable {
  /// Permission bits, the low 9; nil for those of a new file.
  package var mode: UInt16?
  /// Last modification, nanoseconds since the epoch.
  package var modificationTime: Int64

  /// Attributes of their parts.
  package init(mode: UInt16? = nil, modificationTime: Int64) {
    self.mode = mode
    self.modificationTime = modificationTime
  }
}
