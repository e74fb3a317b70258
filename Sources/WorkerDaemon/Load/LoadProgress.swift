// How far one range has come: what is cached is in the books as soon as it is, each byte once over all attempts.

import Synchronization

/// The bytes of one range that are in the books as loaded.
package final class LoadProgress: Sendable {
  private let counted = Mutex<Int64>(0)
  private let count: @Sendable (Int64) -> Void

  /// Nothing yet; `count` enters bytes in the books.
  package init(count: @escaping @Sendable (Int64) -> Void) { self.count = count }

  /// So many bytes of the range are known to be cached in this attempt.
  package func reach(_ bytes: Int64) {
    let news = counted.withLock { counted in
      defer { counted = max(counted, bytes) }
      return bytes - counted
    }
    if news > 0 { count(news) }
  }

  /// Bytes in the books.
  package var bytes: Int64 { counted.withLock { $0 } }
}
