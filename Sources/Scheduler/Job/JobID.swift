// A job's UUID, version 7: ids sort by the millisecond they were made in, so that a store keyed by them lists by age.
//
//   high   48 bits milliseconds since 1970 · 4 bits 0111 · 12 bits of the caller's number
//   low     2 bits 10 · 62 bits random

import Model

/// UUID of a job.
package struct JobID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Bytes 0–7, big-endian.
  package let high: UInt64
  /// Bytes 8–15, big-endian.
  package let low: UInt64

  /// An id from its halves.
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// An id made at `milliseconds` since 1970; `sequence` orders those of one millisecond, `random` tells coordinators apart.
  package static func make(milliseconds: Int64, sequence: UInt64, random: UInt64) -> JobID {
    let time = UInt64(clamping: milliseconds) & 0xFFFF_FFFF_FFFF
    return JobID(
      high: time << 16 | 0x7000 | (sequence & 0xFFF), low: 1 << 63 | random >> 2)
  }

  /// The id that `text` writes with or without dashes, nil for anything else.
  package init?(_ text: some StringProtocol) {
    var words: (UInt64, UInt64) = (0, 0)
    var count = 0
    for (place, character) in text.utf8.enumerated() {
      if character == UInt8(ascii: "-") {
        guard [8, 13, 18, 23].contains(place) else { return nil }
        continue
      }
      guard count < 32, let digit = hexadecimalValue(of: character) else { return nil }
      words = (words.0 << 4 | words.1 >> 60, words.1 << 4 | UInt64(digit))
      count += 1
    }
    guard count == 32 else { return nil }
    self.init(high: words.0, low: words.1)
  }

  /// The usual form of a UUID, lower case.
  package var description: String {
    let digits = Array(hexadecimal(high) + hexadecimal(low))
    let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
    return groups.joined(separator: "-")
  }

  package static func < (left: JobID, right: JobID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }
}
