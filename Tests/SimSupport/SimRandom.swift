// The one source of chance of a simulation: everything that may differ between two runs is drawn from a stream like this.

/// SplitMix64 with the draws that simulations need.
package struct SimRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// The stream of `seed`.
  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return SimRandom.mix(state)
  }

  /// A number with every bit of `value` spread over it.
  @inline(__always)
  package static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// A number below `bound`, which is positive.
  package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// A number in `range`.
  package mutating func within(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.upperBound - range.lowerBound + 1)
  }

  /// True `rate` times of a million.
  package mutating func chance(_ rate: Int) -> Bool { rate > 0 && below(1_000_000) < rate }

  /// One of `choices`.
  package mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
    choices[below(choices.count)]
  }

  /// A stream of its own, so that draws of one part do not shift those of another.
  package mutating func fork() -> SimRandom { SimRandom(seed: next()) }
}
