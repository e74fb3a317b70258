// The cache filter's file: read at start, looked at again at intervals.

import Glibc
package import Model
import Ring

/// The file that a cache filter is configured in.
package struct FilterFile: Sendable {
  /// Largest file that is read.
  private static let sizeMax = 16 << 20

  /// What tells one content from another without reading it.
  package struct Stamp: Equatable, Sendable {
    var modified: Int64
    var size: Int64
    var inode: UInt64
  }

  /// Its path.
  package let path: String
  /// The key that names it, for messages.
  package let key: String

  /// The file at `path`, which `key` names.
  package init(path: String, key: String) {
    self.path = path
    self.key = key
  }

  /// The file that a configuration names; nil when the filter is off.
  package init?(_ configuration: Configuration) {
    guard configuration.boolean(.cacheFilterEnabled) else { return nil }
    // 2.x has its own class and its own key.
    let isPatternBased = configuration.string(.cacheFilterClass).hasSuffix(
      "PatternBasedCacheFilter")
    let key = isPatternBased ? Configuration.StringKey.cacheFilterProperties : .cacheFilterFile
    self.init(path: configuration.string(key), key: key.rawValue)
  }

  /// What the file is now; nil when it cannot be asked.
  package var stamp: Stamp? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    let modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
    return Stamp(modified: modified, size: Int64(status.st_size), inode: UInt64(status.st_ino))
  }

  /// The filter that the file describes.
  ///
  /// - Throws: `.badFilter`, naming the file, the key and what is wrong.
  package func load() throws(RuleError) -> CacheFilter {
    switch FileBytes.read(path, max: Self.sizeMax) {
    case .missing:
      throw RuleError(
        .badFilter,
        "cache filter \(path) (\(key)) does not exist; write it, or set"
          + " alluxio.user.client.cache.filter.enabled=false")
    case .failed(let errno):
      throw RuleError(
        .badFilter, "cache filter \(path) (\(key)) cannot be read: \(errnoText(errno))")
    case .read(let bytes):
      do throws(FilterProblem) {
        return try CacheFilter(parsing: bytes)
      } catch {
        throw RuleError(.badFilter, "cache filter \(path) (\(key)): \(error)")
      }
    }
  }
}
