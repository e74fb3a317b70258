// A piece of a listing.

package import Model

/// Some files of a listing.
package struct LoadBatch: Sendable {
  /// Files at the version the listing saw.
  package var files: [FileStatus]
  /// Entries that are no loadable files: names that are not UTF-8, special files, links that lead nowhere.
  package var leftOutCount: Int
  /// Directories that could not be listed, with reasons.
  package var refusals: [LoadIncident] = []

  /// A batch of its parts.
  package init(files: [FileStatus], leftOutCount: Int = 0) {
    self.files = files
    self.leftOutCount = leftOutCount
  }
}
