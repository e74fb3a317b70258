// The catalog's records in memory: for tests, and for workers whose pages do not outlive them.

import Synchronization

/// An ordered map in memory.
package final class MemoryCatalogStore: CatalogStore {
  private struct State {
    var values: [[UInt8]: [UInt8]] = [:]
    /// Keys in order, but for what changed since they were looked through last; some may have no value any more.
    var keys: [[UInt8]] = []
    /// Keys that came since then, in the order in which they came; some may be among the others.
    var added: [[UInt8]] = []
    /// Whether some of `keys` may have no value any more.
    var hasGaps = false

    /// Brings the keys in order.
    ///
    /// Writers leave that to who looks through them: they come with a few changes at a time, and this takes as long as all keys.
    mutating func sort() {
      guard hasGaps || !added.isEmpty else { return }
      if hasGaps { keys = keys.filter { values[$0] != nil } }
      let news = added.filter { values[$0] != nil }.sorted { $0.lexicographicallyPrecedes($1) }
      keys = MemoryCatalogStore.merge(keys, news)
      (added, hasGaps) = ([], false)
    }
  }

  private let state = Mutex(State())

  /// An empty map.
  package init() {}

  /// Number of records.
  var count: Int { state.withLock { $0.values.count } }

  package func value(of key: [UInt8]) throws(CatalogError) -> [UInt8]? {
    state.withLock { $0.values[key] }
  }

  package func write(_ batch: [CatalogWrite]) throws(CatalogError) {
    state.withLock { state in
      for change in batch {
        switch change {
        case .put(let key, let value):
          if state.values.updateValue(value, forKey: key) == nil { state.added.append(key) }
        case .remove(let key):
          if state.values.removeValue(forKey: key) != nil { state.hasGaps = true }
        }
      }
      // Keys that come and go again and again would pile up.
      if state.added.count > 2 * state.values.count + 1024 { state.sort() }
    }
  }

  /// All of two ordered lists in order, each once.
  private static func merge(_ left: [[UInt8]], _ right: [[UInt8]]) -> [[UInt8]] {
    var merged: [[UInt8]] = []
    merged.reserveCapacity(left.count + right.count)
    func add(_ key: [UInt8]) { if merged.last != key { merged.append(key) } }
    var rest = right[...]
    for key in left {
      while let first = rest.first, first.lexicographicallyPrecedes(key) {
        add(first)
        rest.removeFirst()
      }
      add(key)
    }
    for key in rest { add(key) }
    return merged
  }

  package func scan(
    from start: [UInt8], before end: [UInt8], limit: Int
  ) throws(CatalogError) -> [CatalogRecord] {
    records(from: start, limit: limit) { $0.lexicographicallyPrecedes(end) }
  }

  /// At most `limit` records from `start` on, up to the first that is not `wanted`.
  func records(
    from start: [UInt8], limit: Int, while wanted: ([UInt8]) -> Bool = { _ in true }
  ) -> [CatalogRecord] {
    state.withLock { state in
      state.sort()
      var (low, high) = (0, state.keys.count)
      while low < high {
        let middle = (low + high) / 2
        if state.keys[middle].lexicographicallyPrecedes(start) {
          low = middle + 1
        } else {
          high = middle
        }
      }
      return state.keys[low...].prefix(limit).prefix(while: wanted).compactMap { key in
        state.values[key].map { CatalogRecord(key: key, value: $0) }
      }
    }
  }

  /// Removes every record.
  func removeAll() { state.withLock { $0 = State() } }

  package func close() {}
}
