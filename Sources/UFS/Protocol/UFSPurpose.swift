// Whose turn it is at a busy UFS.

/// Who waits for what is read; the smaller goes first.
package enum UFSPurpose: UInt8, Sendable, Hashable, CaseIterable, Comparable {
  /// A client waits for these bytes.
  case demand
  /// A client will probably ask for them next.
  case readAhead
  /// A job brings them into the cache.
  case load

  package static func < (left: UFSPurpose, right: UFSPurpose) -> Bool {
    left.rawValue < right.rawValue
  }
}
