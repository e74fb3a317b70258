// Randomness that a failed test can repeat.

import Glibc

/// SplitMix64 from a seed that failures print; `SEED=…` in the environment repeats a run.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// The seed of this run.
  static func seed() -> UInt64 {
    if let text = getenv("SEED"), let seed = UInt64(String(cString: text)) { return seed }
    return .random(in: 0 ... .max)
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// A number from 0 to `bound` − 1.
  mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
