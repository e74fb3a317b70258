// Reads a payload's fields in order; each read is checked against the payload's end.

package import Model

/// A place in a payload, which must outlive the reader.
@safe package struct FrameReader {
  // SAFETY: every access is checked against `count`; whoever makes a reader keeps the bytes.
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  /// A reader of all of `bytes`.
  package init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = bytes }

  /// Bytes not read yet.
  package var remaining: Int { unsafe bytes.count - position }

  private mutating func take<T: FixedWidthInteger>(
    _ type: T.Type, _ field: StaticString
  ) throws(LocalWireError) -> T {
    guard remaining >= MemoryLayout<T>.size else { throw LocalWireError(.length, field) }
    defer { position += MemoryLayout<T>.size }
    return unsafe T(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: T.self))
  }

  /// One byte.
  package mutating func word8(_ field: StaticString) throws(LocalWireError) -> UInt8 {
    try take(UInt8.self, field)
  }

  /// Two bytes.
  package mutating func word16(_ field: StaticString) throws(LocalWireError) -> UInt16 {
    try take(UInt16.self, field)
  }

  /// Four bytes.
  package mutating func word32(_ field: StaticString) throws(LocalWireError) -> UInt32 {
    try take(UInt32.self, field)
  }

  /// Eight bytes.
  package mutating func word64(_ field: StaticString) throws(LocalWireError) -> UInt64 {
    try take(UInt64.self, field)
  }

  /// Eight bytes that must fit a signed number.
  package mutating func size(_ field: StaticString) throws(LocalWireError) -> Int64 {
    guard let value = Int64(exactly: try word64(field)) else { throw LocalWireError(.value, field) }
    return value
  }

  /// Two bytes that must be zero.
  package mutating func zero16(_ field: StaticString) throws(LocalWireError) {
    guard try word16(field) == 0 else { throw LocalWireError(.reserved, field) }
  }

  /// Four bytes that must be zero.
  package mutating func zero32(_ field: StaticString) throws(LocalWireError) {
    guard try word32(field) == 0 else { throw LocalWireError(.reserved, field) }
  }

  /// Four bytes of flags, of which only `known` may be set.
  package mutating func flags(
    _ field: StaticString, known: UInt32
  ) throws(LocalWireError) -> UInt32 {
    let value = try word32(field)
    guard value & ~known == 0 else { throw LocalWireError(.reserved, field) }
    return value
  }

  /// Sixteen bytes of a worker's identifier; nil when all are zero.
  package mutating func identity(_ field: StaticString) throws(LocalWireError) -> WorkerIdentity? {
    let high = UInt64(bigEndian: UInt64(littleEndian: try word64(field)))
    let low = UInt64(bigEndian: UInt64(littleEndian: try word64(field)))
    return high | low == 0 ? nil : WorkerIdentity(high: high, low: low)
  }

  /// The next `count` bytes as text.
  ///
  /// - Throws: `text` unless they are UTF-8.
  package mutating func text(_ count: Int, _ field: StaticString) throws(LocalWireError) -> String {
    let range = try take(count, field)
    let part = unsafe UnsafeRawBufferPointer(rebasing: bytes[range])
    guard let text = unsafe String(validating: part, as: UTF8.self) else {
      throw LocalWireError(.text, field)
    }
    return text
  }

  /// Passes over the next `count` bytes, and says where they lie in the payload.
  package mutating func take(
    _ count: Int, _ field: StaticString
  ) throws(LocalWireError) -> Range<Int> {
    guard count >= 0, remaining >= count else { throw LocalWireError(.length, field) }
    defer { position += count }
    return position..<position + count
  }

  /// How many things are named; at most `max`.
  package mutating func count(
    _ field: StaticString, max: Int
  ) throws(LocalWireError) -> Int {
    let count = Int(try word32(field))
    guard count <= max else { throw LocalWireError(.tooMany, field) }
    return count
  }

  /// Marks to the payload's end; there must be `count`.
  package mutating func marks(_ count: Int) throws(LocalWireError) -> [LeaseMark] {
    guard remaining == count * LeaseMark.size else { throw LocalWireError(.length, "number") }
    var marks: [LeaseMark] = []
    marks.reserveCapacity(count)
    for _ in 0..<count {
      marks.append(LeaseMark(slot: try word32("slot"), generation: try word32("generation")))
    }
    return marks
  }

  /// The payload must end here.
  package func end() throws(LocalWireError) {
    guard remaining == 0 else { throw LocalWireError(.length, "payload") }
  }
}
