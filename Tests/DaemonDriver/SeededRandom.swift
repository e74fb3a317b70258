// Randomness that a failed test can repeat.

import Glibc

/// SplitMix64 from a seed that failures print; `SEED=…` in the environment repeats a run.
package struct SeededRandom: RandomNumberGenerator, Sendable {
  /// What it began with.
  package let seed: UInt64
  private var state: UInt64

  /// The numbers of `seed`, or of a new one for each run.
  package init(seed: UInt64 = seed()) {
    self.seed = seed
    state = seed
  }

  /// `SEED` of the environment, else a new seed.
  package static func seed() -> UInt64 { given ?? .random(in: 0 ... .max) }

  /// The seeds to run: `SEED` of the environment alone when it is set, else `count` fixed ones.
  package static func seeds(_ count: Int) -> [UInt64] {
    given.map { [$0] } ?? (1...UInt64(count)).map { $0 &* 7919 }
  }

  private static var given: UInt64? {
    guard let text = unsafe getenv("SEED") else { return nil }
    return unsafe UInt64(String(cString: text))
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// A number from 0 to `bound` − 1.
  package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// `count` random bytes.
  package mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }
}
