// Times as S3 writes them.
//
//   20130524T000000Z            basic ISO 8601, in signatures
//   2013-05-24T00:00:00.000Z    extended ISO 8601, in replies

import Glibc

/// A second in UTC and its texts.
struct S3Time: Sendable, Hashable {
  /// Seconds since the epoch, 0 … 253402300799 (the end of the year 9999).
  let seconds: Int64

  /// The second of `seconds`, moved into the years 1970 to 9999.
  init(seconds: Int64) { self.seconds = min(max(seconds, 0), 253_402_300_799) }

  /// Reads an extended ISO 8601 time in UTC, with or without a fraction; nil for anything else.
  ///
  /// The fraction is dropped: S3's `Last-Modified` has none.
  init?(iso text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes.count <= 32, bytes.last == UInt8(ascii: "Z"),
      bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"),
      bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
      let year = Self.number(bytes[0..<4]), let month = Self.number(bytes[5..<7]),
      let day = Self.number(bytes[8..<10]), let hour = Self.number(bytes[11..<13]),
      let minute = Self.number(bytes[14..<16]), let second = Self.number(bytes[17..<19]),
      year >= 1970, (1...12).contains(month), (1...31).contains(day), hour <= 23, minute <= 59,
      second <= 60
    else { return nil }
    let fraction = bytes[19..<(bytes.count - 1)]
    guard fraction.isEmpty || fraction.first == UInt8(ascii: "."),
      fraction.dropFirst().allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    var parts = unsafe tm()
    unsafe parts.tm_year = Int32(year - 1900)
    unsafe parts.tm_mon = Int32(month - 1)
    unsafe parts.tm_mday = Int32(day)
    unsafe parts.tm_hour = Int32(hour)
    unsafe parts.tm_min = Int32(minute)
    unsafe parts.tm_sec = Int32(second)
    self.init(seconds: Int64(unsafe timegm(&parts)))
  }

  /// `20130524T000000Z`.
  var stamp: String {
    let parts = civil
    return "\(date(parts))T\(Self.padded(parts.3))\(Self.padded(parts.4))\(Self.padded(parts.5))Z"
  }

  /// `20130524`.
  var day: String { date(civil) }

  /// Year, month, day, hour, minute and second in UTC.
  private var civil: (Int, Int, Int, Int, Int, Int) {
    var time = time_t(seconds)
    var parts = unsafe tm()
    unsafe gmtime_r(&time, &parts)
    return unsafe (
      Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday), Int(parts.tm_hour),
      Int(parts.tm_min), Int(parts.tm_sec)
    )
  }

  private func date(_ parts: (Int, Int, Int, Int, Int, Int)) -> String {
    Self.padded(parts.0, to: 4) + Self.padded(parts.1) + Self.padded(parts.2)
  }

  private static func padded(_ number: Int, to width: Int = 2) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  /// The number that some digits spell; nil for anything else.
  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for byte in digits {
      guard (0x30...0x39).contains(byte) else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    return value
  }
}
