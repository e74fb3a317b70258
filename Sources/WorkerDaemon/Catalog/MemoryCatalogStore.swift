// The catalog's records in memory: for tests, and for workers whose pages do not outlive them.

import Synchronization

/// An ordered map in memory.
package final class MemoryCatalogStore: CatalogStore {
  private struct State {
    /// In order.
    var keys: [[UInt8]] = []
    var values: [[UInt8]: [UInt8]] = [:]
  }

  private let state = Mutex(State())

  /// An empty map.
  package init() {}

  /// Number of records.
  var count: Int { state.withLock { $0.keys.count } }

  package func value(of key: [UInt8]) throws(CatalogError) -> [UInt8]? {
    state.withLock { $0.values[key] }
  }

  package func write(_ batch: [CatalogWrite]) throws(CatalogError) {
    state.withLock { state in
      var touched: Set<[UInt8]> = []
      for change in batch {
        switch change {
        case .put(let key, let value):
          if state.values.updateValue(value, forKey: key) == nil { touched.insert(key) }
        case .remove(let key):
          if state.values.removeValue(forKey: key) != nil { touched.insert(key) }
        }
      }
      guard !touched.isEmpty else { return }
      // One pass for the whole batch: each insertion by itself would move half of the array.
      let added = touched.filter { state.values[$0] != nil }
        .sorted { $0.lexicographicallyPrecedes($1) }
      state.keys = Self.merge(state.keys.filter { !touched.contains($0) }, added)
    }
  }

  private static func merge(_ left: [[UInt8]], _ right: [[UInt8]]) -> [[UInt8]] {
    var merged: [[UInt8]] = []
    merged.reserveCapacity(left.count + right.count)
    var rest = right[...]
    for key in left {
      while let first = rest.first, first.lexicographicallyPrecedes(key) {
        merged.append(first)
        rest = rest.dropFirst()
      }
      merged.append(key)
    }
    return merged + rest
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
