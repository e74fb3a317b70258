// A set of Unicode scalars, as ranges.

/// The scalars that one place of a pattern takes.
struct ScalarClass: Sendable, Equatable {
  /// The ranges; they may overlap.
  var ranges: [ClosedRange<UInt32>]
  /// Whether everything else is meant.
  var isNegated = false

  /// Every scalar.
  static let any = ScalarClass(ranges: [0...0x10_FFFF])
  /// Digits, `\d`.
  static let digits = ScalarClass(ranges: [0x30...0x39])
  /// Letters of words, `\w`.
  static let words = ScalarClass(ranges: [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
  /// Blanks, `\s`.
  static let blanks = ScalarClass(ranges: [0x09...0x0D, 0x20...0x20])

  /// The one scalar `value`, in both cases of ASCII when asked.
  static func single(_ value: UInt32, ignoringCase: Bool) -> ScalarClass {
    ScalarClass(ranges: [value...value]).folded(ignoringCase)
  }

  /// The class with the ASCII letters of both cases when asked.
  func folded(_ ignoringCase: Bool) -> ScalarClass {
    guard ignoringCase else { return self }
    var copy = self
    for range in ranges {
      for (letters, shift) in [(0x41...0x5A, 0x20), (0x61...0x7A, -0x20)]
        as [(ClosedRange<UInt32>, Int64)] where range.overlaps(letters)
      {
        let part = range.clamped(to: letters)
        copy.ranges.append(
          UInt32(Int64(part.lowerBound) + shift)...UInt32(Int64(part.upperBound) + shift))
      }
    }
    return copy
  }

  /// The ranges of everything but this class.
  var complement: [ClosedRange<UInt32>] {
    var rest: [ClosedRange<UInt32>] = []
    var next: UInt32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > next { rest.append(next...(range.lowerBound - 1)) }
      next = max(next, range.upperBound + 1)
    }
    if next <= 0x10_FFFF { rest.append(next...0x10_FFFF) }
    return rest
  }

  /// Whether the class takes `value`.
  func contains(_ value: UInt32) -> Bool {
    for range in ranges where range.contains(value) { return !isNegated }
    return isNegated
  }
}
