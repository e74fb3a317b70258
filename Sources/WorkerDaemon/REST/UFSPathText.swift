// Normal form of a path parameter: no `alluxiofs://` in front, no slash at the end.

/// Normalises the text of a UFS or Alluxio path that a client sent.
package enum UFSPathText {
  /// Scheme that some clients leave in front of the UFS path.
  package static let clientScheme = "alluxiofs://"

  /// `text` without a leading `alluxiofs://` and without trailing slashes; a bare root keeps its own.
  ///
  /// The root of `scheme://` and of `scheme:///` stays as it is, and so does a lone `/`.
  package static func normalised(_ text: String) -> String {
    // Bytes, not characters: a slash may be joined with the combining mark that a name begins with.
    var path = Array(text.utf8)[...]
    let client = Array(clientScheme.utf8)
    while path.starts(with: client) { path = path.dropFirst(client.count) }
    let floor = rootLength(of: path)
    while path.count > floor, path.last == UInt8(ascii: "/") { path = path.dropLast() }
    return String(decoding: path, as: UTF8.self)
  }

  /// Whether `path` starts with a scheme: letters and digits, then `://`.
  package static func hasScheme(_ path: String) -> Bool {
    schemeLength(of: Array(path.utf8)[...]) > 0
  }

  /// The last component of `path`; empty for a root.
  package static func name(of path: String) -> String {
    let parts = path.utf8.split(separator: UInt8(ascii: "/"))
    return parts.last.map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// Bytes of the scheme and its `://`, 0 when there is none.
  private static func schemeLength(of path: ArraySlice<UInt8>) -> Int {
    var length = 0
    var rest = path
    while let byte = rest.first {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
        UInt8(ascii: "."):
        length += 1
        rest = rest.dropFirst()
      default:
        return length > 0 && rest.starts(with: Array("://".utf8)) ? length + 3 : 0
      }
    }
    return 0
  }

  /// Bytes at the front of `path` that no trailing-slash rule may touch.
  private static func rootLength(of path: ArraySlice<UInt8>) -> Int {
    let scheme = schemeLength(of: path)
    let rest = path.dropFirst(scheme)
    return rest.first == UInt8(ascii: "/") ? scheme + 1 : scheme
  }
}
