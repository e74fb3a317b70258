// A line of the list of cached files.

package import Model

/// A file version with pages in the store.
package struct ResidentFile: Sendable, Equatable {
  /// The file and its version.
  package let file: FileKey
  /// Resident pages.
  package let pages: Int
  /// Their bytes.
  package let bytes: Int64

  /// A line of its parts.
  package init(file: FileKey, pages: Int, bytes: Int64) {
    self.file = file
    self.pages = pages
    self.bytes = bytes
  }
}
