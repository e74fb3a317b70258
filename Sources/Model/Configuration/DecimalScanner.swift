// Reads `digits[.digits]unit` from the front, without floating point.

/// A cursor over the ASCII text of an unsigned decimal number and its unit.
struct DecimalScanner {
  /// What a fraction is counted in: 10^18 of them make one.
  static let fractionScale: UInt64 = 1_000_000_000_000_000_000

  /// The text's bytes, lower case, without surrounding blanks.
  private let bytes: [UInt8]
  /// Index of the next unread byte.
  private var index = 0
  /// Digits seen so far, on both sides of the point.
  private(set) var digitCount = 0

  /// A scanner at the start of `text`.
  init(_ text: some StringProtocol) {
    bytes = text.asciiTrimmed.utf8.map { ASCII.lowercased($0) }
  }

  /// The digits before the point as a number (0 when there are none); nil when they overflow.
  mutating func wholeDigits() -> UInt64? {
    var value: UInt64 = 0
    while let digit = nextDigit() {
      let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carried) = tenfold.addingReportingOverflow(UInt64(digit))
      guard !overflow, !carried else { return nil }
      value = sum
    }
    return value
  }

  /// The decimals in units of 10^-18 (0 without a point); nil for a point that no digit follows.
  mutating func fraction() -> UInt64? {
    guard index < bytes.count, bytes[index] == UInt8(ascii: ".") else { return 0 }
    index += 1
    let before = digitCount
    var value: UInt64 = 0
    var place = Self.fractionScale / 10
    while let digit = nextDigit() {
      value += UInt64(digit) * place
      place /= 10
    }
    return digitCount > before ? value : nil
  }

  /// The bytes not read yet, as lower-case text.
  var rest: String { String(decoding: bytes[index...], as: UTF8.self) }

  /// The next byte as a digit, consumed; nil leaves it in place.
  private mutating func nextDigit() -> UInt8? {
    guard index < bytes.count, let digit = ASCII.digit(bytes[index]) else { return nil }
    index += 1
    digitCount += 1
    return digit
  }
}
