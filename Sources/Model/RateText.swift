// Ratios with two decimals, by integers only.

/// Prints ratios and hundredths.
package enum RateText {
  /// `part` of `whole` in hundredths of a percent, rounded half up; 0 of 0 is 0.
  package static func percentHundredths(_ part: Int64, of whole: Int64) -> Int64 {
    guard whole > 0, part > 0 else { return 0 }
    let (high, low) = UInt64(part).multipliedFullWidth(by: 10_000)
    let divisor = UInt64(whole)
    guard high < divisor else { return Int64.max }
    let (quotient, remainder) = divisor.dividingFullWidth((high, low))
    let roundsUp = remainder >= divisor - remainder
    return Int64(clamping: quotient) + (roundsUp ? 1 : 0)
  }

  /// `part` of `whole` in whole percent, rounded down; 0 of 0 is 0.
  package static func percentFloor(_ part: Int64, of whole: Int64) -> Int64 {
    guard whole > 0, part > 0 else { return 0 }
    let (high, low) = UInt64(part).multipliedFullWidth(by: 100)
    let divisor = UInt64(whole)
    guard high < divisor else { return Int64.max }
    return Int64(clamping: divisor.dividingFullWidth((high, low)).quotient)
  }

  /// `value` hundredths as `12.34`.
  package static func hundredths(_ value: Int64) -> String {
    let magnitude = value.magnitude
    let part = magnitude % 100
    return "\(value < 0 ? "-" : "")\(magnitude / 100).\(part < 10 ? "0" : "")\(part)"
  }
}
