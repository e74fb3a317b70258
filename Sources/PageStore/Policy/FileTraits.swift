// What operators say of a file's pages: how dear they are, and whether they may leave at all.

/// How long a page stays compared with others: all of a lower priority leave first.
package enum CachePriority: UInt8, Sendable, Comparable, CaseIterable {
  /// Leaves first.
  case low = 0
  /// What nobody said anything about.
  case medium = 1
  /// Leaves last.
  case high = 2

  package static func < (left: CachePriority, right: CachePriority) -> Bool {
    left.rawValue < right.rawValue
  }
}

/// What the store is told of a file.
package struct FileTraits: Sendable, Equatable {
  /// Who leaves before whom.
  package var priority: CachePriority
  /// True when no page of the file is evicted; it can still be dropped by name.
  package var isPinned: Bool
  /// Counts changes of the rules that the traits come from, modulo 2³²: older ones never replace newer ones.
  package var epoch: UInt32

  /// Traits of their parts; without any, those of a file nobody said anything about.
  package init(priority: CachePriority = .medium, isPinned: Bool = false, epoch: UInt32 = 0) {
    self.priority = priority
    self.isPinned = isPinned
    self.epoch = epoch
  }

  /// True when these traits were decided before `other`.
  func isOlder(than other: FileTraits) -> Bool { Int32(bitPattern: epoch &- other.epoch) < 0 }
}
