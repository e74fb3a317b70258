// The Content-Range of a 206 (RFC 9110 §14.4): `bytes 0-1023/146515`, `bytes 0-1023/*`.

/// Which bytes of how many a reply brings.
struct S3ContentRange: Sendable, Hashable {
  /// The bytes, half-open.
  let range: Range<Int64>
  /// The object's length; nil when the store does not say.
  let length: Int64?

  /// Reads the field's value; nil for anything but one range of bytes that fits its object.
  init?(_ text: String) {
    guard hasBytePrefix(text, "bytes ") else { return nil }
    let parts = text.utf8.dropFirst(6).split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let ends = parts[0].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]),
      first <= last, last < .max
    else { return nil }
    range = first..<(last + 1)
    if parts[1].elementsEqual("*".utf8) {
      length = nil
    } else {
      guard let number = Self.number(parts[1]), number > last else { return nil }
      length = number
    }
  }

  private static func number(_ text: Substring.UTF8View) -> Int64? {
    guard !text.isEmpty, text.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(Substring(text))
  }
}
