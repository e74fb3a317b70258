// Dates as text, in UTC; no calendar but arithmetic.

/// Prints instants and spans.
package enum DateText {
  private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// A span as `HH:mm:ss`; hours may have more digits.
  package static func clock(milliseconds: Int64) -> String {
    let seconds = max(0, milliseconds) / 1000
    return [seconds / 3600, seconds / 60 % 60, seconds % 60].map { pad($0, 2) }
      .joined(separator: ":")
  }

  /// An instant as ISO 8601 with offset, such as `2026-11-21T09:05:00.120+00:00`.
  package static func iso(_ milliseconds: Int64) -> String {
    let date = parts(of: milliseconds)
    return "\(pad(date.year, 4))-\(pad(date.month, 2))-\(pad(date.day, 2))T"
      + "\(time(of: milliseconds)).\(pad(modulo(milliseconds, 1000), 3))+00:00"
  }

  /// An instant for people, such as `Sat Nov 21 09:05:00 UTC 2026`.
  package static func line(_ milliseconds: Int64) -> String {
    let date = parts(of: milliseconds)
    let day = days[Int(modulo(floor(milliseconds, 86_400_000), 7))]
    return "\(day) \(months[Int(date.month - 1)]) \(pad(date.day, 2)) \(time(of: milliseconds)) "
      + "UTC \(date.year)"
  }

  /// An instant for a file's name, such as `2026_11_21_09:05:00`.
  package static func fileName(_ milliseconds: Int64) -> String {
    let date = parts(of: milliseconds)
    return
      "\(pad(date.year, 4))_\(pad(date.month, 2))_\(pad(date.day, 2))_\(time(of: milliseconds))"
  }

  private static func time(of milliseconds: Int64) -> String {
    clock(milliseconds: modulo(milliseconds, 86_400_000))
  }

  /// Year, month and day of the Gregorian calendar; eras of 400 years from 1 March.
  private static func parts(of milliseconds: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let day = floor(milliseconds, 86_400_000) + 719_468
    let era = floor(day, 146_097)
    let dayOfEra = day - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let civil = month < 10 ? month + 3 : month - 9
    let year = yearOfEra + era * 400 + (civil <= 2 ? 1 : 0)
    return (year, civil, dayOfYear - (153 * month + 2) / 5 + 1)
  }

  private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
    value / divisor - (value % divisor < 0 ? 1 : 0)
  }

  private static func modulo(_ value: Int64, _ divisor: Int64) -> Int64 {
    let rest = value % divisor
    return rest < 0 ? rest + divisor : rest
  }

  private static func pad(_ value: Int64, _ width: Int) -> String {
    let digits = "\(value)"
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
