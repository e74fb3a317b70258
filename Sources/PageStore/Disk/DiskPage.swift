// What a read needs to know of a page on a disk volume: what the store's index keeps of it.

package import Model

/// A page at its place on a disk volume.
package struct DiskPage: Sendable, Equatable {
  /// The page; its key has the file's version in it.
  package var key: PageKey
  /// Bytes of the page.
  package var length: Int
  /// First unit of its run.
  package var unit: UInt32
  /// The checksum that its bytes or their trailer must have.
  package var root: UInt32

  /// A page of its parts.
  package init(key: PageKey, length: Int, unit: UInt32, root: UInt32) {
    self.key = key
    self.length = length
    self.unit = unit
    self.root = root
  }

  /// The page of a record of the log.
  package init(_ page: StoredPage) {
    self.init(key: page.key, length: page.length, unit: page.unit, root: page.root)
  }
}
