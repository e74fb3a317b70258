// Writes frames one behind the other into an array, which then leaves in one call.

package import Model

/// Frames to be sent.
package struct FrameWriter: Sendable {
  /// The frames, whole.
  package private(set) var bytes: [UInt8] = []

  /// No frames yet, and room for `capacity` bytes.
  package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  /// Forgets all frames and keeps the memory.
  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// Takes the frames out.
  package mutating func take() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  /// Adds a frame whose payload `body` writes; its length is filled in behind it.
  package mutating func frame(
    _ type: UInt16, request: UInt64, reserving count: Int = 0,
    _ body: (inout FrameWriter) -> Void
  ) {
    let start = bytes.count
    bytes.reserveCapacity(start + FrameHead.size + count)
    word32(0)
    word16(type)
    word16(0)
    word64(request)
    body(&self)
    setLength(bytes.count - start - FrameHead.size, at: start)
  }

  /// Adds the head of a frame whose last `tail` bytes are sent by other means, and what `body` writes before them.
  package mutating func frame(
    _ type: UInt16, request: UInt64, tail: Int, _ body: (inout FrameWriter) -> Void
  ) {
    let start = bytes.count
    frame(type, request: request, body)
    setLength(bytes.count - start - FrameHead.size + tail, at: start)
  }

  private mutating func setLength(_ length: Int, at start: Int) {
    let length = UInt32(clamping: length)
    for place in 0..<4 {
      bytes[start + place] = UInt8(truncatingIfNeeded: length >> UInt32(8 * place))
    }
  }

  private mutating func put<T: FixedWidthInteger>(_ value: T) {
    unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
  }

  /// One byte.
  package mutating func word8(_ value: UInt8) { bytes.append(value) }

  /// Two bytes.
  package mutating func word16(_ value: UInt16) { put(value) }

  /// Four bytes.
  package mutating func word32(_ value: UInt32) { put(value) }

  /// Eight bytes.
  package mutating func word64(_ value: UInt64) { put(value) }

  /// Sixteen bytes of a worker's identifier, or zeros.
  package mutating func identity(_ value: WorkerIdentity?) {
    put((value?.high ?? 0).bigEndian.littleEndian)
    put((value?.low ?? 0).bigEndian.littleEndian)
  }

  /// Text without its length.
  package mutating func text(_ value: String) { bytes.append(contentsOf: value.utf8) }

  /// Bytes that belong to the frame written last, whose head counts them.
  package mutating func raw(_ piece: UnsafeRawBufferPointer) {
    unsafe bytes.append(contentsOf: piece)
  }

  /// Marks without their number.
  package mutating func marks(_ marks: some Sequence<LeaseMark>) {
    for mark in marks {
      word32(mark.slot)
      word32(mark.generation)
    }
  }
}

/// `text` cut to at most `count` bytes of UTF-8, whole characters.
func cut(_ text: String, to count: Int) -> String {
  guard text.utf8.count > count else { return text }
  var kept = String.UnicodeScalarView()
  var size = 0
  for scalar in text.unicodeScalars {
    size += UTF8.width(scalar)
    if size > count { break }
    kept.append(scalar)
  }
  return String(kept)
}
