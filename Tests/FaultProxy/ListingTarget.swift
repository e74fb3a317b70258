// What a request to an S3-compatible store asks for.

/// A request's target, taken apart.
struct ListingTarget {
  /// Whether only the head is asked for.
  let isHead: Bool
  /// The path without the query.
  let path: Substring
  /// The fields of the query, decoded.
  let fields: [String: String]

  /// The target of a request; nil when that is none.
  init?(_ head: MessageHead) {
    let words = head.start.split(separator: " ")
    guard words.count == 3 else { return nil }
    isHead = words[0] == "HEAD"
    let target = words[1].split(separator: "?", maxSplits: 1)
    guard let path = target.first else { return nil }
    self.path = path
    fields = target.count > 1 ? Self.fields(String(target[1])) : [:]
  }

  /// Whether the bucket itself is meant, not an object in it.
  var isBucket: Bool {
    path.drop { $0 == "/" }.utf8.firstIndex(of: UInt8(ascii: "/")) == nil
  }

  /// The fields of a query, decoded.
  private static func fields(_ query: String) -> [String: String] {
    var fields: [String: String] = [:]
    for part in query.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      fields[decoded(pair[0])] = pair.count > 1 ? decoded(pair[1]) : ""
    }
    return fields
  }

  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(Substring(rest.prefix(2)), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? 32 : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
