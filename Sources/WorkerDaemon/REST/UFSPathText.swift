// Normal form of a path parameter: no `alluxiofs://` in front, no slash at the end.

/// Normalises the text of a UFS or Alluxio path that a client sent.
package enum UFSPathText {
  /// Scheme that some clients leave in front of the UFS path.
  package static let clientScheme = "alluxiofs://"

  /// `text` without a leading `alluxiofs://` and without trailing slashes; a bare root keeps its own.
  ///
  /// The root of `scheme://` and of `scheme:///` stays as it is, and so does a lone `/`.
  package static func normalised(_ text: String) -> String {
    var path = Substring(text)
    while path.hasPrefix(clientScheme) { path = path.dropFirst(clientScheme.count) }
    let floor = rootLength(of: path)
    var count = path.utf8.count
    let bytes = path.utf8
    var end = bytes.endIndex
    while count > floor, end > bytes.startIndex {
      let last = bytes.index(before: end)
      guard bytes[last] == UInt8(ascii: "/") else { break }
      end = last
      count -= 1
    }
    return String(path[..<end])
  }

  /// Whether `path` starts with a scheme: letters and digits, then `://`.
  package static func hasScheme(_ path: String) -> Bool { schemeLength(of: Substring(path)) > 0 }

  /// Bytes of the scheme and its `://`, 0 when there is none.
  private static func schemeLength(of path: Substring) -> Int {
    var length = 0
    var rest = path.utf8[...]
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
  private static func rootLength(of path: Substring) -> Int {
    let scheme = schemeLength(of: path)
    let rest = path.utf8.dropFirst(scheme)
    return rest.first == UInt8(ascii: "/") ? scheme + 1 : scheme
  }
}
