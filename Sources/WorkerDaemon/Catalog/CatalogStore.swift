// Where the catalog keeps its records: an ordered map of bytes.

/// One change of a batch.
package enum CatalogWrite: Sendable, Equatable {
  /// Puts a value.
  case put(key: [UInt8], value: [UInt8])
  /// Removes a key.
  case remove(key: [UInt8])
}

/// A record of a scan.
package struct CatalogRecord: Sendable, Equatable {
  /// Its key.
  package var key: [UInt8]
  /// Its value.
  package var value: [UInt8]

  /// A record of its parts.
  package init(key: [UInt8], value: [UInt8]) {
    self.key = key
    self.value = value
  }
}

/// Why the store of the catalog fails.
package struct CatalogError: Error, Sendable, Equatable, CustomStringConvertible {
  /// One line: what is wrong.
  package let description: String

  /// True when what the store holds is the cause; false for a lock, a permission, a full disk.
  package let isDamage: Bool

  /// True when the store's disk has no room.
  package let isFull: Bool

  /// A failure with its line.
  package init(_ description: String, isDamage: Bool = false, isFull: Bool = false) {
    self.description = description
    self.isDamage = isDamage
    self.isFull = isFull
  }
}

/// An ordered map from bytes to bytes; calls may block, and come from any thread.
package protocol CatalogStore: Sendable {
  /// The value of `key`, nil without one.
  ///
  /// - Throws: when the store cannot be read.
  func value(of key: [UInt8]) throws(CatalogError) -> [UInt8]?

  /// Makes all of `batch`, or nothing of it.
  ///
  /// - Throws: when the store cannot be written.
  func write(_ batch: [CatalogWrite]) throws(CatalogError)

  /// At most `limit` records from `start` on and before `end`, by key.
  ///
  /// - Throws: when the store cannot be read.
  func scan(
    from start: [UInt8], before end: [UInt8], limit: Int
  ) throws(CatalogError) -> [CatalogRecord]

  /// Lets go of the store; nothing is asked of it afterwards.
  func close()
}
