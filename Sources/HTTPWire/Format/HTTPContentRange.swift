// The Content-Range of a reply (RFC 9110 §14.4): `bytes 0-1023/146515`, `bytes 0-1023/*`, `bytes */146515`.

/// Which bytes of how many a reply brings.
package struct HTTPContentRange: Sendable, Hashable {
  /// The bytes, half-open; nil when the range asked for is not there (416).
  package let range: Range<Int64>?
  /// The whole length; nil when the server does not say.
  package let length: Int64?

  /// Reads the field's value; nil for anything but one range of bytes that fits its whole.
  package init?(_ text: String) {
    guard text.utf8.starts(with: "bytes ".utf8) else { return nil }
    let parts = text.utf8.dropFirst(6).split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let isWholeUnknown = parts[1].elementsEqual("*".utf8)
    let whole = isWholeUnknown ? nil : Self.number(parts[1])
    guard isWholeUnknown || whole != nil else { return nil }
    length = whole
    if parts[0].elementsEqual("*".utf8) {
      guard whole != nil else { return nil }
      range = nil
      return
    }
    let ends = parts[0].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]),
      first <= last, last < .max, last < whole ?? .max
    else { return nil }
    range = first..<(last + 1)
  }

  private static func number(_ text: Substring.UTF8View) -> Int64? {
    guard !text.isEmpty, text.allSatisfy({ ASCII.digit($0) != nil }) else { return nil }
    return Int64(Substring(text))
  }
}
