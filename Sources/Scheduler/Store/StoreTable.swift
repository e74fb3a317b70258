// The store as a sorted map from bytes to bytes, which both stores are underneath.

/// One change of the map.
enum TableChange: Sendable, Equatable {
  /// Puts a value.
  case put(key: [UInt8], value: [UInt8])
  /// Removes a key.
  case remove(key: [UInt8])
  /// Removes all keys that begin with these bytes.
  case removeAll(prefix: [UInt8])
}

/// A sorted map that can be read.
protocol StoreTable {
  /// The value of `key`, nil without one.
  func value(of key: [UInt8]) throws(SchedulerError) -> [UInt8]?

  /// Calls `visit` with each key that begins with `prefix`, from `start` on (before it, downwards), until it returns false.
  func scan(
    prefix: [UInt8], from start: [UInt8], isDownwards: Bool,
    _ visit: (_ key: [UInt8], _ value: [UInt8]) -> Bool
  ) throws(SchedulerError)
}

/// A sorted map in memory.
struct MemoryTable: StoreTable {
  private var values: [[UInt8]: [UInt8]] = [:]
  private var keys: [[UInt8]] = []

  /// Makes a change.
  mutating func apply(_ change: TableChange) {
    switch change {
    case .put(let key, let value):
      if values.updateValue(value, forKey: key) == nil { keys.insert(key, at: place(of: key)) }
    case .remove(let key):
      if values.removeValue(forKey: key) != nil { keys.remove(at: place(of: key)) }
    case .removeAll(let prefix):
      let first = place(of: prefix)
      var end = first
      while end < keys.count, keys[end].starts(with: prefix) {
        values[keys[end]] = nil
        end += 1
      }
      keys.removeSubrange(first..<end)
    }
  }

  func value(of key: [UInt8]) -> [UInt8]? { values[key] }

  func scan(
    prefix: [UInt8], from start: [UInt8], isDownwards: Bool,
    _ visit: (_ key: [UInt8], _ value: [UInt8]) -> Bool
  ) {
    let first = place(of: start)
    if isDownwards {
      for key in keys[..<first].reversed() {
        guard key.starts(with: prefix), let value = values[key], visit(key, value) else { return }
      }
      return
    }
    for key in keys[first...] {
      guard key.starts(with: prefix), let value = values[key], visit(key, value) else { return }
    }
  }

  /// The place of the first key that is not below `key`.
  private func place(of key: [UInt8]) -> Int {
    var (low, high) = (0, keys.count)
    while low < high {
      let middle = (low + high) / 2
      if keys[middle].lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
