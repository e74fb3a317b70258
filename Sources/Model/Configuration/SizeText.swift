// Sizes as text: reading a property's value, and printing a size for people.
//
//   read    number (decimals allowed) + unit, any case: none, b; k kb ki kib; same for m, g, t, p.
//           Every unit is a power of 1024, `KB` and `GB` too.
//   print   ≤ 5120 B → `%dB`; else the first of KB, MB, GB, TB, PB with a value ≤ 5120, two
//           decimals; then EB.

/// The textual forms of a size in bytes.
package enum SizeText {
  /// The bytes that `text` states, rounded down to a whole byte; nil when it is not a size.
  ///
  /// A sign, an exponent, a space inside, and anything beyond `Int64.max` are refused. Of the
  /// decimals, the first 18 digits count.
  package static func parse(_ text: some StringProtocol) -> Int64? {
    var number = DecimalScanner(text)
    guard let whole = number.wholeDigits(), let fraction = number.fraction() else { return nil }
    guard number.digitCount > 0, let shift = shift(ofUnit: number.rest) else { return nil }
    let unit = UInt64(1) << shift
    let (scaled, overflow) = whole.multipliedReportingOverflow(by: unit)
    guard !overflow else { return nil }
    // fraction < 10^18, so the quotient is below the unit and the division cannot trap.
    let part = DecimalScanner.fractionScale.dividingFullWidth(
      fraction.multipliedFullWidth(by: unit)
    ).quotient
    let (total, carried) = scaled.addingReportingOverflow(part)
    return carried ? nil : Int64(exactly: total)
  }

  /// `size` bytes as clients and reports print them: `3200B`, `10.00MB`.
  ///
  /// Rounds half up in the second decimal; a negative size is printed in bytes.
  package static func print(_ size: Int64) -> String {
    guard size > printedUnitMax else { return "\(size)B" }
    var shift = 10
    for unit in ["KB", "MB", "GB", "TB", "PB"] {
      if size <= printedUnitMax << shift { return "\(hundredths(size, shift))\(unit)" }
      shift += 10
    }
    return "\(hundredths(size, shift))EB"
  }

  /// The largest value printed in one unit before the next is used.
  private static let printedUnitMax: Int64 = 5120

  /// `size` in units of 2^`shift` bytes, with two decimals.
  private static func hundredths(_ size: Int64, _ shift: Int) -> String {
    let unit = Int64(1) << shift
    // The rest is below 2^60; times 100 it could overflow, so one unit is taken as 2^20 at most.
    let drop = max(0, shift - 20)
    let rest = (size & (unit - 1)) >> drop
    let rounded = (rest * 100 + (unit >> drop) / 2) / (unit >> drop)
    let whole = (size >> shift) + rounded / 100
    let part = rounded % 100
    return "\(whole).\(part < 10 ? "0" : "")\(part)"
  }

  /// The binary logarithm of a unit, or nil for an unknown one.
  private static func shift(ofUnit unit: String) -> Int? {
    switch unit {
    case "", "b": 0
    case "k", "kb", "ki", "kib": 10
    case "m", "mb", "mi", "mib": 20
    case "g", "gb", "gi", "gib": 30
    case "t", "tb", "ti", "tib": 40
    case "p", "pb", "pi", "pib": 50
    default: nil
    }
  }
}
