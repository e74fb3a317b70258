// Records as bytes: numbers little-endian, texts and lists behind their count.

/// Builds the bytes of a record.
struct ByteWriter {
  /// The bytes so far.
  private(set) var bytes: [UInt8] = []

  /// Writes one byte.
  mutating func byte(_ value: UInt8) { bytes.append(value) }

  /// Writes four bytes.
  mutating func word(_ value: UInt32) {
    for shift in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(8 * shift))) }
  }

  /// Writes eight bytes.
  mutating func number(_ value: UInt64) {
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * shift))) }
  }

  /// Writes eight bytes, two's complement.
  mutating func number(_ value: Int64) { number(UInt64(bitPattern: value)) }

  /// Writes a byte: 0 or 1.
  mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// Writes the count of a text's UTF-8 bytes in four bytes, and the bytes.
  mutating func text(_ value: String) {
    word(UInt32(truncatingIfNeeded: value.utf8.count))
    bytes += value.utf8
  }

  /// Writes a flag, and the value behind it where there is one.
  mutating func optional<T>(_ value: T?, _ body: (inout ByteWriter, T) -> Void) {
    flag(value != nil)
    if let value { body(&self, value) }
  }

  /// Writes bytes as they are.
  mutating func raw(_ value: [UInt8]) { bytes += value }
}

/// Reads what a `ByteWriter` wrote; anything else gives nil, never a trap.
struct ByteReader {
  private let bytes: [UInt8]
  private var offset: Int

  /// A reader of `bytes` from `offset` on.
  init(_ bytes: [UInt8], from offset: Int = 0) {
    self.bytes = bytes
    self.offset = offset
  }

  /// Whether nothing is left.
  var isAtEnd: Bool { offset >= bytes.count }

  /// Reads one byte.
  mutating func byte() -> UInt8? {
    guard offset < bytes.count else { return nil }
    defer { offset += 1 }
    return bytes[offset]
  }

  /// Reads four bytes.
  mutating func word() -> UInt32? { little(4).map { UInt32(truncatingIfNeeded: $0) } }

  /// Reads eight bytes.
  mutating func number() -> UInt64? { little(8) }

  /// Reads eight bytes, two's complement.
  mutating func signed() -> Int64? { little(8).map { Int64(bitPattern: $0) } }

  /// Reads a byte that is 0 or 1.
  mutating func flag() -> Bool? {
    guard let byte = byte(), byte < 2 else { return nil }
    return byte == 1
  }

  /// Reads a text.
  mutating func text() -> String? {
    guard let count = word(), Int(count) <= bytes.count - offset else { return nil }
    defer { offset += Int(count) }
    return String(validating: bytes[offset..<(offset + Int(count))], as: UTF8.self)
  }

  /// Reads a value behind a flag: nil when the bytes are wrong, `.some(nil)` without a value.
  mutating func optional<T>(_ body: (inout ByteReader) -> T?) -> T?? {
    guard let isThere = flag() else { return nil }
    guard isThere else { return .some(nil) }
    guard let value = body(&self) else { return nil }
    return .some(value)
  }

  private mutating func little(_ count: Int) -> UInt64? {
    guard count <= bytes.count - offset else { return nil }
    defer { offset += count }
    return (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
  }
}
