// The wire form of protocol buffers, field by field: enough to answer questions about descriptors without their types.
//
//   field = key (number << 3 | kind) · varint | 8 bytes | length, bytes | 4 bytes

/// Reads the fields of a message one after another; what is malformed ends it.
struct ProtobufFields: Sequence, IteratorProtocol {
  /// One field.
  struct Field {
    let number: UInt64
    /// The bytes of texts, bytes and messages; empty for numbers.
    let bytes: ArraySlice<UInt8>
  }

  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func next() -> Field? {
    guard let key = varint() else { return nil }
    switch key & 7 {
    case 0:
      guard varint() != nil else { return nil }
      return Field(number: key >> 3, bytes: [])
    case 1: return skip(8) ? Field(number: key >> 3, bytes: []) : nil
    case 2:
      guard let length = varint(), length <= UInt64(rest.count) else { return nil }
      let bytes = rest.prefix(Int(length))
      rest = rest.dropFirst(Int(length))
      return Field(number: key >> 3, bytes: bytes)
    case 5: return skip(4) ? Field(number: key >> 3, bytes: []) : nil
    default: return nil
    }
  }

  private mutating func skip(_ count: Int) -> Bool {
    guard rest.count >= count else { return false }
    rest = rest.dropFirst(count)
    return true
  }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = rest.popFirst() else { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}

/// Writes fields; the counterpart of `ProtobufFields`.
struct ProtobufWriter {
  private(set) var bytes: [UInt8] = []

  /// Appends a text, bytes or a message.
  mutating func append(_ number: UInt64, _ field: some Collection<UInt8>) {
    varint(number << 3 | 2)
    varint(UInt64(field.count))
    bytes.append(contentsOf: field)
  }

  /// Appends a number.
  mutating func append(_ number: UInt64, _ value: UInt64) {
    varint(number << 3)
    varint(value)
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }
}
