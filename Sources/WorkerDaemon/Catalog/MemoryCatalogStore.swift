// The catalog's records in memory: for tests, and for workers whose pages do not outlive them.

import Synchronization

/// An ordered map in memory.
package final class MemoryCatalogStore: CatalogStore {
  fileprivate struct State {
    var keys: [[UInt8]] = []
    var values: [[UInt8]: [UInt8]] = [:]
  }

  private let state = Mutex(State())

  /// An empty map.
  package init() {}

  package func value(of key: [UInt8]) throws(CatalogError) -> [UInt8]? {
    state.withLock { $0.values[key] }
  }

  package func write(_ batch: [CatalogWrite]) throws(CatalogError) {
    state.withLock { state in
      for change in batch {
        switch change {
        case .put(let key, let value):
          if state.values.updateValue(value, forKey: key) == nil {
            state.keys.insert(key, at: state.place(of: key))
          }
        case .remove(let key):
          if state.values.removeValue(forKey: key) != nil {
            state.keys.remove(at: state.place(of: key))
          }
        }
      }
    }
  }

  package func scan(
    from start: [UInt8], before end: [UInt8], limit: Int
  ) throws(CatalogError) -> [CatalogRecord] {
    state.withLock { state in
      state.keys[state.place(of: start)...].prefix(limit)
        .prefix { $0.lexicographicallyPrecedes(end) }
        .compactMap { key in state.values[key].map { CatalogRecord(key: key, value: $0) } }
    }
  }

  package func close() {}
}

extension MemoryCatalogStore.State {
  /// The index of the first key that is not before `key`.
  fileprivate func place(of key: [UInt8]) -> Int {
    var (low, high) = (0, keys.count)
    while low < high {
      let middle = (low + high) / 2
      if keys[middle].lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
