// Entity tags of conditional requests (RFC 9110 §8.8.3).

/// Comparison of entity tags.
package enum HTTPEntityTag {
  /// Whether `list`, the value of If-Match or If-None-Match, is `*` or names `entityTag` (quotes included).
  ///
  /// Weak comparison ignores `W/`; strong comparison never matches a weak tag.
  package static func list(
    _ list: UnsafeRawBufferPointer, contains entityTag: String, weakly: Bool
  ) -> Bool {
    if unsafe list.equals("*") { return true }
    var offset = 0
    while offset < list.count {
      let byte = unsafe list[offset]
      if byte == UInt8(ascii: ",") || byte == ASCII.space || byte == ASCII.tab {
        offset += 1
        continue
      }
      let isWeak = unsafe list.slice(offset, list.count - offset).starts(with: "W/")
      let start = isWeak ? offset + 2 : offset
      guard start < list.count, unsafe list[start] == UInt8(ascii: "\"") else { return false }
      var end = start + 1
      while end < list.count, unsafe list[end] != UInt8(ascii: "\"") { end += 1 }
      guard end < list.count else { return false }
      let tag = unsafe list.slice(start, end + 1 - start)
      let isComparable = weakly || !isWeak
      if isComparable, unsafe tag.elementsEqual(opaque(entityTag)) { return true }
      offset = end + 1
    }
    return false
  }

  /// The bytes of `entityTag` without its weakness mark.
  private static func opaque(_ entityTag: String) -> Substring.UTF8View {
    (entityTag.hasPrefix("W/") ? entityTag.dropFirst(2) : entityTag[...]).utf8
  }
}
