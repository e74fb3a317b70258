// The catalog's records of a worker whose pages end with it: in memory while they are few, in a database when they are many.
//
//   MemoryCatalogStore ──more than so many records──▶ database, opened then and empty
//
// So a worker at rest pays for no database, and one with millions of small files for no more memory than a database takes.

import Synchronization

/// An ordered map in memory that moves to another store when it grows.
package final class SpillingCatalogStore: CatalogStore {
  /// Records kept in memory unless asked otherwise: about 10 MB.
  package static let countMax = 40_000

  private let memory = MemoryCatalogStore()
  private let countMax: Int
  private let open: @Sendable () -> Result<any CatalogStore, CatalogError>
  private let spilled = Mutex<(any CatalogStore)?>(nil)
  /// Held by who writes, so that nothing is written behind the back of a move.
  private let writing = Mutex<Void>(())

  /// A map that moves to what `open` gives when it has more than `countMax` records.
  package init(
    countMax: Int = SpillingCatalogStore.countMax,
    open: @escaping @Sendable () -> Result<any CatalogStore, CatalogError>
  ) {
    self.countMax = countMax
    self.open = open
  }

  private var current: any CatalogStore { spilled.withLock { $0 } ?? memory }

  package func value(of key: [UInt8]) throws(CatalogError) -> [UInt8]? {
    try current.value(of: key)
  }

  package func scan(
    from start: [UInt8], before end: [UInt8], limit: Int
  ) throws(CatalogError) -> [CatalogRecord] {
    try current.scan(from: start, before: end, limit: limit)
  }

  /// As the store does.
  ///
  /// - Throws: also when the records are too many for memory and the database cannot be had.
  package func write(_ batch: [CatalogWrite]) throws(CatalogError) {
    try writing.withLock { (_: inout Void) throws(CatalogError) in
      if spilled.withLock({ $0 == nil }), memory.count > countMax { try spill() }
      try current.write(batch)
    }
  }

  /// Moves everything; called with `writing` held.
  private func spill() throws(CatalogError) {
    let store = try open().get()
    var next: [UInt8] = []
    while true {
      let records = memory.records(from: next, limit: 4096)
      guard let last = records.last else { break }
      try store.write(records.map { .put(key: $0.key, value: $0.value) })
      next = last.key + [0]
    }
    spilled.withLock { $0 = store }
    memory.removeAll()
  }

  package func close() { current.close() }
}
