// Open files of one ring, so that the pages of a file are filled without opening it anew.
//
// Bounded, and short-lived: an entry idle for two seconds goes at the next look, because an open descriptor keeps a
// deleted file's space and a file system's mount. A cached descriptor needs no trust: every read ends with a check of
// the version on that descriptor.

import Model
import Synchronization

/// The most recently used open files, by path and version.
final class DescriptorCache: Sendable {
  private struct Key: Hashable {
    let path: [UInt8]
    let token: String
  }

  private struct Entry {
    let file: OpenFile
    var lastUse: UInt64
  }

  private static let idleMax: UInt64 = 2_000_000_000

  private let capacity: Int
  // Other rings look here only to drop a path that they deleted or replaced.
  private let entries = Mutex<[Key: Entry]>([:])

  /// An empty cache for at most `capacity` files.
  init(capacity: Int) { self.capacity = capacity }

  /// The open file of `path` at `version`, if there is one.
  func file(_ path: String, _ version: FileVersion, now: UInt64) -> OpenFile? {
    let key = Key(path: Array(path.utf8), token: version.token)
    return entries.withLock { entries in
      guard let entry = entries[key] else { return nil }
      entries[key]?.lastUse = now
      return entry.file
    }
  }

  /// Keeps `file`, and returns what leaves the cache for it, for the caller to close.
  func insert(_ file: OpenFile, _ path: String, _ version: FileVersion, now: UInt64) -> [OpenFile] {
    guard capacity > 0 else { return [] }
    let key = Key(path: Array(path.utf8), token: version.token)
    return entries.withLock { entries in
      var leaving: [OpenFile] = []
      for (key, entry) in entries where now &- entry.lastUse > Self.idleMax {
        leaving.append(entry.file)
        entries[key] = nil
      }
      if entries.count >= capacity,
        let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
      {
        leaving.append(oldest.value.file)
        entries[oldest.key] = nil
      }
      if let old = entries.updateValue(Entry(file: file, lastUse: now), forKey: key) {
        leaving.append(old.file)
      }
      return leaving
    }
  }

  /// Drops every version of `path` and of what lies below it.
  func drop(_ path: String) {
    let prefix = Array(path.utf8)
    let leaving = entries.withLock { entries in
      let keys = entries.keys.filter {
        $0.path.starts(with: prefix)
          && ($0.path.count == prefix.count || $0.path[prefix.count] == 0x2F)
      }
      return keys.compactMap { entries.removeValue(forKey: $0)?.file }
    }
    // The files close here, outside the lock, unless a reader still holds them.
    withExtendedLifetime(leaving) {}
  }

  /// Open files held now.
  var count: Int { entries.withLock { $0.count } }
}
