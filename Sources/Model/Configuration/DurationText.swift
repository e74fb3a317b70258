// Durations as text: an integer and a unit, any case.
//
//   none, ms, millisecond; s, sec, second; m, min, minute; h, hr, hour; d, day
//   Long.MAX_VALUE = the largest int64 in milliseconds, which stands for "off"

/// The textual form of a duration.
package enum DurationText {
  /// What `Long.MAX_VALUE` means: so long that the feature is off.
  package static let longest = Duration.milliseconds(Int64.max)

  /// The duration that `text` states; nil when it is none or does not fit int64 milliseconds.
  ///
  /// A leading `-` or `+` is read; whether a negative duration makes sense is the key's business.
  package static func parse(_ text: some StringProtocol) -> Duration? {
    let trimmed = text.asciiTrimmed
    if trimmed == "Long.MAX_VALUE" { return longest }
    let negative = trimmed.hasPrefix("-")
    let signed = negative || trimmed.hasPrefix("+")
    var number = DecimalScanner(trimmed.dropFirst(signed ? 1 : 0))
    guard let count = number.wholeDigits(), number.digitCount > 0,
      let unit = milliseconds(inUnit: number.rest), let magnitude = Int64(exactly: count)
    else { return nil }
    let (total, overflow) = magnitude.multipliedReportingOverflow(by: unit)
    return overflow ? nil : .milliseconds(negative ? -total : total)
  }

  /// Milliseconds in one unit, or nil for an unknown one.
  private static func milliseconds(inUnit unit: String) -> Int64? {
    switch unit {
    case "", "ms", "millisecond": 1
    case "s", "sec", "second": 1000
    case "m", "min", "minute": 60_000
    case "h", "hr", "hour": 3_600_000
    case "d", "day": 86_400_000
    default: nil
    }
  }
}
