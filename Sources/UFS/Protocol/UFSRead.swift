// What a read brought.

/// The outcome of one successful read.
package struct UFSRead: Sendable, Hashable {
  /// Bytes read.
  package let count: Int
  /// Whether the version identifies these bytes for good, so that they may be kept under it.
  ///
  /// False for a file modified so recently that one more write could leave the version as it is: the bytes may be
  /// served now and must not be cached. See `LocalVersion`.
  package let isSettled: Bool

  /// An outcome of its parts.
  package init(count: Int, isSettled: Bool) {
    self.count = count
    self.isSettled = isSettled
  }
}
