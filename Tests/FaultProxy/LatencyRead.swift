// A read of an object of a distant store, taken from a request's bytes without a detour: it must cost the store little.

/// A GET of one object, or of a part of it.
struct LatencyRead {
  /// The object's number.
  let index: Int
  /// The bytes asked for; nil for all.
  let range: Range<Int>?

  /// The read that the head in `bytes` asks for; nil when it asks for something else.
  init?(_ bytes: ArraySlice<UInt8>, of content: ListingOrigin.Content) {
    guard bytes.starts(with: Self.get) else { return nil }
    let target = bytes.dropFirst(Self.get.count).prefix { $0 != UInt8(ascii: " ") }
    guard let index = Self.index(target, of: content) else { return nil }
    self.index = index
    range = Self.range(bytes, size: content.size)
  }

  private static let get = Array("GET ".utf8)
  private static let name = Array("\nrange: bytes=".utf8)

  /// The number of the object at `/bucket/<folder>NNN`; nil when there is none.
  static func index(_ path: ArraySlice<UInt8>, of content: ListingOrigin.Content) -> Int? {
    let key = path.dropFirst().drop { $0 != UInt8(ascii: "/") }.dropFirst()
    guard key.starts(with: content.folder.utf8) else { return nil }
    guard let number = number(key.dropFirst(content.folder.utf8.count)), number < content.count
    else { return nil }
    return number
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard !digits.isEmpty, digits.count < 18 else { return nil }
    var number = 0
    for digit in digits {
      guard (48...57).contains(digit) else { return nil }
      number = number * 10 + Int(digit - 48)
    }
    return number
  }

  /// The bytes that a line `Range: bytes=a-b` asks for.
  private static func range(_ bytes: ArraySlice<UInt8>, size: Int) -> Range<Int>? {
    var start = bytes.startIndex
    while let line = bytes[start...].firstIndex(of: 10) {
      let isRange = zip(bytes[line...], name).allSatisfy { $0 == $1 || $0 | 32 == $1 }
      if isRange, bytes.endIndex - line > name.count {
        let value = bytes[(line + name.count)...].prefix { $0 != 13 }
        let bounds = value.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard bounds.count == 2, let first = number(bounds[0]), first < size else { return nil }
        let last = number(bounds[1]) ?? size - 1
        return last >= first ? first..<min(size, last + 1) : nil
      }
      start = line + 1
    }
    return nil
  }
}
