// What a small LRU cache of equal pages does, written the slow and plain way.

import Model

/// The model of a store whose pages all have the full size.
struct ModelLRU {
  let capacity: Int
  /// Resident pages, the oldest first.
  var order: [PageKey] = []
  /// Leases by page.
  var held: [PageKey: Int] = [:]

  init(capacity: Int) { self.capacity = capacity }

  /// Makes `key` the newest; false when it is not here.
  mutating func touch(_ key: PageKey) -> Bool {
    guard let place = order.firstIndex(of: key) else { return false }
    order.append(order.remove(at: place))
    return true
  }

  /// Fills `key`; tells whether it is here afterwards, and which held pages were stepped over.
  mutating func fill(_ key: PageKey) -> (isKept: Bool, rotated: [PageKey]) {
    if touch(key) { return (true, []) }
    var rotated: [PageKey] = []
    if order.count == capacity {
      while let oldest = order.first, held[oldest] ?? 0 > 0, rotated.count < capacity {
        order.append(order.removeFirst())
        rotated.append(oldest)
      }
      if rotated.count == capacity { return (false, rotated) }
      order.removeFirst()
    }
    order.append(key)
    return (true, rotated)
  }

  mutating func drop(_ key: PageKey) -> Bool {
    guard let place = order.firstIndex(of: key) else { return false }
    order.remove(at: place)
    return true
  }
}
