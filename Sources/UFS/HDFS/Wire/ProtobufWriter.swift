// Writes Protocol Buffers messages of the few kinds that HDFS speaks; `ProtobufReader` draws the format.

/// A Protocol Buffers message being written.
struct ProtobufWriter {
  /// What is written so far.
  private(set) var bytes: [UInt8] = []

  /// An empty message.
  init() {}

  /// A message of what `body` writes.
  init(_ body: (inout ProtobufWriter) -> Void) { body(&self) }

  /// A field that is a number.
  mutating func number(_ field: UInt32, _ value: UInt64) {
    tag(field, .varint)
    varint(value)
  }

  /// A field that is a truth value.
  mutating func flag(_ field: UInt32, _ value: Bool) { number(field, value ? 1 : 0) }

  /// A field that is a signed number in zigzag.
  mutating func zigzag(_ field: UInt32, _ value: Int64) {
    number(field, UInt64(bitPattern: value << 1 ^ value >> 63))
  }

  /// A field of bytes.
  mutating func array(_ field: UInt32, _ value: [UInt8]) {
    tag(field, .bytes)
    varint(UInt64(value.count))
    bytes += value
  }

  /// A field of text.
  mutating func text(_ field: UInt32, _ value: String) { array(field, Array(value.utf8)) }

  /// A field that is a message.
  mutating func nested(_ field: UInt32, _ body: (inout ProtobufWriter) -> Void) {
    array(field, ProtobufWriter(body).bytes)
  }

  /// A field of eight bytes, little-endian.
  mutating func eightBytes(_ field: UInt32, _ value: UInt64) {
    tag(field, .eightBytes)
    for shift in stride(from: 0, to: 64, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  /// A field of four bytes, little-endian.
  mutating func fourBytes(_ field: UInt32, _ value: UInt32) {
    tag(field, .fourBytes)
    for shift in stride(from: 0, to: 32, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  /// A message, no field, with its length before it.
  mutating func delimited(_ body: (inout ProtobufWriter) -> Void) {
    delimited(ProtobufWriter(body).bytes)
  }

  /// A message that is written already, with its length before it.
  mutating func delimited(_ message: [UInt8]) {
    varint(UInt64(message.count))
    bytes += message
  }

  /// A number in network order, four bytes, no field.
  mutating func bigEndian(_ value: UInt32) {
    for shift in stride(from: 24, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  /// A single byte, no field.
  mutating func byte(_ value: UInt8) { bytes.append(value) }

  private mutating func tag(_ field: UInt32, _ kind: ProtobufReader.Kind) {
    varint(UInt64(field) << 3 | UInt64(kind.rawValue))
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
