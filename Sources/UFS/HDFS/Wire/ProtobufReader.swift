// Reads Protocol Buffers messages of the few kinds that HDFS speaks.
//
//   message = { tag = number << 3 | kind, value }      kind 0 varint · 1 eight bytes · 2 length and bytes · 5 four bytes
//
// Every read is checked against the message's end; nested messages share the array, so nothing is copied.

/// A place in a Protocol Buffers message.
struct ProtobufReader {
  /// A field's number and kind, just read.
  struct Field: Hashable {
    /// The number, 1 to 2^29 - 1.
    let number: UInt32
    /// How its value is written.
    let kind: Kind
  }

  /// How a value is written.
  enum Kind: UInt8 { case varint, eightBytes, bytes, fourBytes = 5 }

  private let bytes: [UInt8]
  private(set) var position: Int
  private let end: Int

  /// A reader of all of `bytes`, from `position` on.
  init(_ bytes: [UInt8], from position: Int = 0) {
    self.bytes = bytes
    self.position = min(position, bytes.count)
    end = bytes.count
  }

  private init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// Bytes not read yet.
  var remaining: Int { end - position }

  /// The bytes not read yet.
  var rest: [UInt8] { Array(bytes[position..<end]) }

  /// The next field's number and kind; nil at the end.
  mutating func next() throws(HDFSWireError) -> Field? {
    if position == end { return nil }
    let tag = try varint()
    guard let kind = Kind(rawValue: UInt8(tag & 7)), let number = UInt32(exactly: tag >> 3),
      (1..<(1 << 29)).contains(number)
    else { throw .field }
    return Field(number: number, kind: kind)
  }

  /// A number in the field's value.
  mutating func number(_ field: Field) throws(HDFSWireError) -> UInt64 {
    guard field.kind == .varint else { throw .field }
    return try varint()
  }

  /// A signed number in the field's value, written in zigzag.
  mutating func zigzag(_ field: Field) throws(HDFSWireError) -> Int64 {
    let raw = try number(field)
    return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
  }

  /// A number that must fit 63 bits.
  mutating func size(_ field: Field) throws(HDFSWireError) -> Int64 {
    guard let value = Int64(exactly: try number(field)) else { throw .number }
    return value
  }

  /// A number that must fit 32 bits; Java's negative ones come as 64 bits and are cut.
  mutating func number32(_ field: Field) throws(HDFSWireError) -> UInt32 {
    UInt32(truncatingIfNeeded: try number(field))
  }

  /// A truth value.
  mutating func flag(_ field: Field) throws(HDFSWireError) -> Bool { try number(field) != 0 }

  /// Bytes in the field's value.
  mutating func array(_ field: Field) throws(HDFSWireError) -> [UInt8] {
    Array(bytes[try range(field)])
  }

  /// Text in the field's value.
  ///
  /// - Throws: `.text` unless it is UTF-8.
  mutating func text(_ field: Field) throws(HDFSWireError) -> String {
    let range = try range(field)
    guard let text = String(validating: bytes[range], as: UTF8.self) else { throw .text }
    return text
  }

  /// Text for people: what is not UTF-8 is replaced.
  mutating func message(lossy field: Field) throws(HDFSWireError) -> String {
    String(decoding: bytes[try range(field)], as: UTF8.self)
  }

  /// The message in the field's value.
  mutating func nested(_ field: Field) throws(HDFSWireError) -> ProtobufReader {
    ProtobufReader(bytes, try range(field))
  }

  /// Numbers of a repeated field, packed or one by one.
  mutating func numbers(
    _ field: Field, into list: inout [UInt64]
  ) throws(HDFSWireError) {
    if field.kind == .varint { return list.append(try varint()) }
    var inner = try nested(field)
    while inner.remaining > 0 { list.append(try inner.varint()) }
  }

  /// Eight bytes, little-endian.
  mutating func eightBytes(_ field: Field) throws(HDFSWireError) -> UInt64 {
    guard field.kind == .eightBytes else { throw .field }
    return try fixed(8)
  }

  /// Four bytes, little-endian.
  mutating func fourBytes(_ field: Field) throws(HDFSWireError) -> UInt32 {
    guard field.kind == .fourBytes else { throw .field }
    return UInt32(truncatingIfNeeded: try fixed(4))
  }

  /// Passes over a field that is of no interest.
  mutating func skip(_ field: Field) throws(HDFSWireError) {
    switch field.kind {
    case .varint: _ = try varint()
    case .eightBytes: _ = try fixed(8)
    case .fourBytes: _ = try fixed(4)
    case .bytes: _ = try range(field)
    }
  }

  /// A message with its length before it.
  mutating func delimited() throws(HDFSWireError) -> ProtobufReader {
    ProtobufReader(bytes, try take(try varint()))
  }

  /// A base-128 number of at most ten bytes.
  mutating func varint() throws(HDFSWireError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = bytes[position]
      position += 1
      if shift == 63, byte > 1 { throw .number }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
      if shift > 63 { throw .number }
    }
    throw .truncated
  }

  private mutating func fixed(_ count: Int) throws(HDFSWireError) -> UInt64 {
    let range = try take(UInt64(count))
    return bytes[range].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func range(_ field: Field) throws(HDFSWireError) -> Range<Int> {
    guard field.kind == .bytes else { throw .field }
    return try take(try varint())
  }

  private mutating func take(_ count: UInt64) throws(HDFSWireError) -> Range<Int> {
    guard count <= UInt64(end - position) else { throw .truncated }
    let start = position
    position += Int(count)
    return start..<position
  }
}
