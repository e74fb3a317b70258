// What a UFS can do beyond reading, and how it reads best.

/// The operations that a UFS offers; without its capability an operation throws `.unsupported`.
package struct UFSCapabilities: OptionSet, Sendable, Hashable {
  package let rawValue: UInt16

  package init(rawValue: UInt16) { self.rawValue = rawValue }

  /// Create, overwrite, make directories, delete.
  package static let write = UFSCapabilities(rawValue: 1 << 0)
  /// Write at an offset of an existing file.
  package static let randomWrite = UFSCapabilities(rawValue: 1 << 1)
  /// Rename a file or directory, as one step.
  package static let rename = UFSCapabilities(rawValue: 1 << 2)
  /// Copy a file without moving its bytes through this process.
  package static let serverCopy = UFSCapabilities(rawValue: 1 << 3)
  /// Directories exist by themselves, empty ones too.
  package static let directories = UFSCapabilities(rawValue: 1 << 4)
  /// Walk a tree in one flat listing instead of one per directory.
  package static let flatListing = UFSCapabilities(rawValue: 1 << 5)
  /// A version names the file itself, not only its content: two paths of one version are one file.
  package static let versionsNameFiles = UFSCapabilities(rawValue: 1 << 7)
  /// Something below reads ahead by itself, as a kernel does: pages are best read whole and announced to nobody.
  package static let readsAhead = UFSCapabilities(rawValue: 1 << 6)
  /// A new file may be given a modification time and a mode.
  package static let keepsTimes = UFSCapabilities(rawValue: 1 << 8)
}
