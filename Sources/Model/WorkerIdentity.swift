// Who a worker is, whatever its address.

/// Identity of a worker: 16 bytes of a UUID and the version of that scheme (compat §6.3).
package struct WorkerIdentity: Hashable, Sendable, Comparable {
  /// Bytes 0–7, big-endian.
  package let high: UInt64
  /// Bytes 8–15, big-endian.
  package let low: UInt64
  /// Version of the identity scheme; 1 for UUIDs.
  package let version: Int32

  /// An identity of its parts.
  package init(high: UInt64, low: UInt64, version: Int32 = 1) {
    self.high = high
    self.low = low
    self.version = version
  }

  /// The identity written as a UUID, 32 hexadecimal digits with or without dashes; nil for anything else.
  package init?(uuid text: String) {
    var words: [UInt64] = [0, 0]
    var count = 0
    for byte in text.utf8 {
      if byte == UInt8(ascii: "-") { continue }
      guard count < 32, let digit = hexadecimalValue(of: byte) else { return nil }
      words[count / 16] = words[count / 16] << 4 | UInt64(digit)
      count += 1
    }
    guard count == 32 else { return nil }
    self.init(high: words[0], low: words[1])
  }

  /// The 16 bytes of the identifier.
  package var bytes: [UInt8] {
    [high, low].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) }
    }
  }

  /// The identifier in 32 hexadecimal digits.
  package var hex: String { hexadecimal(high) + hexadecimal(low) }

  package static func < (left: WorkerIdentity, right: WorkerIdentity) -> Bool {
    (left.high, left.low, left.version) < (right.high, right.low, right.version)
  }
}
