// What a word of the lease table says.
//
//   63            32 31             0
//   | generation    | state         |    state 1: live, 0: not

/// The values of a word.
package enum LeaseWord {
  /// Bytes of a word.
  package static let size = 8

  /// The word of a lease that is live.
  package static func live(_ generation: UInt32) -> UInt64 { UInt64(generation) << 32 | 1 }

  /// The word of a lease that has ended.
  package static func ended(_ generation: UInt32) -> UInt64 { UInt64(generation) << 32 }

  /// Whether `word` says that the lease of `generation` is live.
  package static func isLive(_ word: UInt64, generation: UInt32) -> Bool {
    word == live(generation)
  }
}
