// Seeded randomness: a failure prints its seed, and SEED=… repeats it.

import Glibc

/// SplitMix64.
struct TestRandom: RandomNumberGenerator {
  let seed: UInt64
  private var state: UInt64

  init(seed: UInt64) {
    self.seed = seed
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// A number below `bound`.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// The seeds to run: SEED alone when it is set, else `count` fixed ones.
  static func seeds(_ count: Int) -> [UInt64] {
    if let text = unsafe getenv("SEED"), let seed = unsafe UInt64(String(cString: text)) {
      return [seed]
    }
    return (1...UInt64(count)).map { $0 &* 7919 }
  }
}
