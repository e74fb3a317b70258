// Where a file is asked for, and where a redirect leads from there (RFC 9110 §10.2.2, RFC 3986 §5).

package import HTTPWire

/// An origin and a target on it.
package struct HTTPLocation: Sendable, Hashable {
  /// The server.
  package let origin: HTTPOrigin
  /// Path and query, percent-coded, beginning with a slash.
  package let target: String

  /// A location of its parts.
  package init(origin: HTTPOrigin, target: String) {
    self.origin = origin
    self.target = target
  }

  /// The location that `reference`, the value of a Location field, names from here; nil when it is no http URL.
  package func resolved(_ reference: String) -> HTTPLocation? {
    // A fragment is for whoever reads the page.
    let text = reference.utf8.split(
      separator: UInt8(ascii: "#"), maxSplits: 1, omittingEmptySubsequences: false
    ).first.map { String(Substring($0)) }
    guard let text, !text.isEmpty else { return nil }
    if hasBytePrefix(text, "//") { return Self.absolute(text, isSecure: origin.isSecure) }
    if let scheme = Self.scheme(of: text) {
      guard scheme == "http" || scheme == "https" else { return nil }
      let rest = String(Substring(text.utf8.dropFirst(scheme.utf8.count + 1)))
      return Self.absolute(rest, isSecure: scheme == "https")
    }
    let path = self.path
    let target: String
    switch text.utf8.first {
    case UInt8(ascii: "/"): target = Self.withoutDots(text)
    case UInt8(ascii: "?"): target = path + text
    default:
      let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[...$0] } ?? "/"
      target = Self.withoutDots(folder + text)
    }
    return HTTPLocation(origin: origin, target: Self.coded(target))
  }

  /// The target without its query.
  package var path: String {
    target.utf8.firstIndex(of: UInt8(ascii: "?")).map { String(target[..<$0]) } ?? target
  }

  /// The scheme that `text` begins with, in lower case; nil for a relative reference.
  private static func scheme(of text: String) -> String? {
    guard let end = text.utf8.firstIndex(where: { !isSchemeByte($0) }),
      text.utf8[end] == UInt8(ascii: ":"), end != text.utf8.startIndex
    else { return nil }
    return text[..<end].lowercased()
  }

  private static func isSchemeByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }

  /// The location of `//authority/path?query`.
  private static func absolute(_ text: String, isSecure: Bool) -> HTTPLocation? {
    guard hasBytePrefix(text, "//") else { return nil }
    let rest = text.utf8.dropFirst(2)
    let end =
      rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
    let authority = String(Substring(rest[..<end]))
    guard let origin = HTTPOrigin(isSecure: isSecure, authority: authority) else { return nil }
    let target = String(Substring(rest[end...]))
    let isPath = target.utf8.first == UInt8(ascii: "/")
    return HTTPLocation(
      origin: origin, target: coded(isPath ? withoutDots(target) : "/" + target))
  }

  /// `target` with `.` and `..` components of its path worked out.
  private static func withoutDots(_ target: String) -> String {
    let parts = target.utf8.split(
      separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
    let components = parts[0].split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false
    ).dropFirst().map { String(Substring($0)) }
    var kept: [String] = []
    for (index, component) in components.enumerated() {
      let isLast = index == components.count - 1
      switch component {
      case ".": if isLast { kept.append("") }
      case "..":
        _ = kept.popLast()
        if isLast { kept.append("") }
      default: kept.append(component)
      }
    }
    let path = "/" + kept.joined(separator: "/")
    return parts.count > 1 ? "\(path)?\(String(Substring(parts[1])))" : path
  }

  /// `target` with bytes escaped that cannot stand in a request line; escapes are left as they are.
  private static func coded(_ target: String) -> String {
    guard !target.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return target }
    let digits = Array("0123456789ABCDEF".utf8)
    var out: [UInt8] = []
    for byte in target.utf8 {
      if byte > 0x20 && byte < 0x7F {
        out.append(byte)
      } else {
        out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
