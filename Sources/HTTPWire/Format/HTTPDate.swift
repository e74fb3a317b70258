// Dates on the wire: IMF-fixdate, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).

import Glibc

/// Formatting and parsing of IMF-fixdate.
package enum HTTPDate {
  /// Size of a date in bytes.
  package static let size = 29
  /// 9999-12-31T23:59:59Z, the last second that four digits can name.
  static let secondMax: Int64 = 253_402_300_799

  /// Writes the 29 bytes of `seconds` since the epoch, clamped to the years 1970 to 9999, to `out`.
  package static func write(_ seconds: Int64, to out: UnsafeMutableRawPointer) {
    let clamped = min(max(seconds, 0), secondMax)
    let days = clamped / 86_400
    let second = Int(clamped % 86_400)
    let (year, month, day) = civil(days)
    // 1 January 1970 was a Thursday.
    unsafe copy("SunMonTueWedThuFriSat", index: Int((days + 4) % 7), to: out)
    unsafe out.storeBytes(of: UInt8(ascii: ","), toByteOffset: 3, as: UInt8.self)
    unsafe out.storeBytes(of: ASCII.space, toByteOffset: 4, as: UInt8.self)
    unsafe writeTwo(day, to: out + 5)
    unsafe out.storeBytes(of: ASCII.space, toByteOffset: 7, as: UInt8.self)
    unsafe copy("JanFebMarAprMayJunJulAugSepOctNovDec", index: month - 1, to: out + 8)
    unsafe out.storeBytes(of: ASCII.space, toByteOffset: 11, as: UInt8.self)
    unsafe writeTwo(year / 100, to: out + 12)
    unsafe writeTwo(year % 100, to: out + 14)
    unsafe out.storeBytes(of: ASCII.space, toByteOffset: 16, as: UInt8.self)
    unsafe writeTwo(second / 3600, to: out + 17)
    unsafe out.storeBytes(of: UInt8(ascii: ":"), toByteOffset: 19, as: UInt8.self)
    unsafe writeTwo(second / 60 % 60, to: out + 20)
    unsafe out.storeBytes(of: UInt8(ascii: ":"), toByteOffset: 22, as: UInt8.self)
    unsafe writeTwo(second % 60, to: out + 23)
    unsafe memcpy(out + 25, " GMT", 4)
  }

  /// The date of `seconds` since the epoch as text.
  package static func text(_ seconds: Int64) -> String {
    unsafe String(unsafeUninitializedCapacity: size) { buffer in
      if let base = buffer.baseAddress {
        unsafe write(seconds, to: UnsafeMutableRawPointer(base))
      }
      return size
    }
  }

  /// Seconds since the epoch of an IMF-fixdate; nil for anything else, the obsolete forms included.
  ///
  /// The day's name is not compared with the date.
  package static func parse(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    guard bytes.count == size, unsafe bytes.slice(25, 4).equals(" GMT"),
      unsafe bytes[3] == UInt8(ascii: ","), unsafe bytes[4] == ASCII.space,
      unsafe bytes[7] == ASCII.space, unsafe bytes[11] == ASCII.space,
      unsafe bytes[16] == ASCII.space, unsafe bytes[19] == UInt8(ascii: ":"),
      unsafe bytes[22] == UInt8(ascii: ":"),
      let day = unsafe readTwo(bytes, 5), let month = unsafe month(bytes.slice(8, 3)),
      let century = unsafe readTwo(bytes, 12), let yearOfCentury = unsafe readTwo(bytes, 14),
      let hour = unsafe readTwo(bytes, 17), let minute = unsafe readTwo(bytes, 20),
      let second = unsafe readTwo(bytes, 23),
      day >= 1, day <= 31, hour <= 23, minute <= 59, second <= 60
    else { return nil }
    let days = days(year: century * 100 + yearOfCentury, month: month, day: day)
    return days * 86_400 + Int64(hour * 3600 + minute * 60 + second)
  }

  /// Year, month (1…12) and day (1…31) of the day `days` after 1970-01-01, which is not negative.
  private static func civil(_ days: Int64) -> (year: Int, month: Int, day: Int) {
    // The year begins in March, so that the leap day is its last: eras of 400 years hold 146,097 days.
    let shifted = Int(days) + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
  }

  /// Days from 1970-01-01 to the date, negative before it.
  private static func days(year: Int, month: Int, day: Int) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return Int64(era * 146_097 + dayOfEra - 719_468)
  }

  /// Copies the three letters at `index` of `names`.
  @inline(__always)
  private static func copy(
    _ names: StaticString, index: Int, to out: UnsafeMutableRawPointer
  ) {
    unsafe memcpy(out, names.utf8Start + 3 * index, 3)
  }

  /// Writes `value`, 0…99, as two digits.
  @inline(__always)
  private static func writeTwo(_ value: Int, to out: UnsafeMutableRawPointer) {
    let zero = UInt8(ascii: "0")
    unsafe out.storeBytes(of: zero + UInt8(value / 10), as: UInt8.self)
    unsafe out.storeBytes(of: zero + UInt8(value % 10), toByteOffset: 1, as: UInt8.self)
  }

  /// The number of two digits at `offset`.
  private static func readTwo(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Int? {
    guard let tens = unsafe ASCII.digit(bytes[offset]),
      let ones = unsafe ASCII.digit(bytes[offset + 1])
    else { return nil }
    return Int(tens) * 10 + Int(ones)
  }

  /// The month, 1…12, whose three letters are `name`.
  private static func month(_ name: UnsafeRawBufferPointer) -> Int? {
    let names: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"
    guard let base = name.baseAddress else { return nil }
    return (0..<12).first { unsafe memcmp(base, names.utf8Start + 3 * $0, 3) == 0 }.map {
      $0 + 1
    }
  }
}

/// The text of the current second, formatted once per second.
package struct HTTPDateCache {
  private var second: Int64 = -1
  private var bytes = InlineArray<29, UInt8>(repeating: 0)

  /// A cache that holds nothing yet.
  package init() {}

  /// Writes the 29 bytes of `seconds` since the epoch to `out`.
  @inline(__always)
  package mutating func write(_ seconds: Int64, to out: UnsafeMutableRawPointer) {
    if seconds != second {
      second = seconds
      unsafe withUnsafeMutableBytes(of: &bytes) { raw in
        if let base = raw.baseAddress { unsafe HTTPDate.write(seconds, to: base) }
      }
    }
    unsafe withUnsafeBytes(of: &bytes) { raw in
      if let base = raw.baseAddress { unsafe memcpy(out, base, HTTPDate.size) }
    }
  }
}
