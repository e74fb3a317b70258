// The files a job has settled, kept small, so that its end can be checked against the cache.
//
// 40 bytes a file; the paths of the first thousand only: those are the ones that eviction takes first.

package import Model

/// Files a load job counts as cached.
package struct LoadChecklist: Sendable {
  /// A file counted as cached.
  package struct Entry: Sendable {
    /// The file at its version.
    package var key: FileKey
    /// First word of the digest of the path.
    package var pathHash: UInt64
    /// Length in bytes.
    package var length: Int64
    /// Whether it was skipped rather than loaded.
    package var wasSkipped: Bool

    /// An entry of its parts.
    package init(key: FileKey, pathHash: UInt64, length: Int64, wasSkipped: Bool) {
      self.key = key
      self.pathHash = pathHash
      self.length = length
      self.wasSkipped = wasSkipped
    }
  }

  /// How many paths are kept.
  package static let pathCountMax = 1000

  /// The files, in the order they were settled.
  package private(set) var entries: [Entry] = []
  private var paths: [UInt64: String] = [:]
  private var places: [UInt64: Int]?

  /// An empty list.
  package init() {}

  /// Adds a file, or replaces the entry of the same path once ``index()`` was called.
  package mutating func record(_ entry: Entry, path: String) {
    if let place = places?[entry.pathHash] {
      entries[place] = entry
      return
    }
    places?[entry.pathHash] = entries.count
    entries.append(entry)
    if paths.count < Self.pathCountMax { paths[entry.pathHash] = path }
  }

  /// Makes ``entry(of:)`` answer and ``record(_:path:)`` replace.
  package mutating func index() {
    guard places == nil else { return }
    var places: [UInt64: Int] = [:]
    for (place, entry) in entries.enumerated() { places[entry.pathHash] = place }
    self.places = places
  }

  /// The entry of a path, found once indexed.
  package func entry(of pathHash: UInt64) -> Entry? {
    places?[pathHash].map { entries[$0] }
  }

  /// The path of an entry, where it was kept.
  package func path(of entry: Entry) -> String? { paths[entry.pathHash] }
}
