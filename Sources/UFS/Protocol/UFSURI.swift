// URIs of files, in one canonical form.
//
//   /data/a     file:/data/a     file:///data/a     file://localhost/data/a    ──▶  file:///data/a
//   s3://bkt/   ──▶  s3://bkt                       FILE:///  ──▶  file:///
//
// Names are literal: nothing is percent-decoded and nothing inside the path is normalised, because file identities are
// digests of the path (compat §3).

/// A parsed UFS URI.
package struct UFSURI: Sendable, Hashable, CustomStringConvertible {
  /// Lower case, such as `file`.
  package let scheme: String
  /// Host or bucket; empty for `file`.
  package let authority: String
  /// Path without slashes at its start and end; `""` is the root.
  package let path: String

  /// Parses an absolute path or a URI.
  ///
  /// - Throws: The rule that `text` breaks: `.relative`, `.authority`, `.noAuthority`, `.userInfo`.
  package init(parsing text: String) throws(PathRule) {
    let bytes = text.utf8
    if bytes.first == UInt8(ascii: "/") {
      (scheme, authority, path) = ("file", "", try Self.localPath(text))
      return
    }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { throw .relative }
    let name = text[..<colon]
    guard Self.isScheme(name) else { throw .relative }
    scheme = name.lowercased()
    let rest = String(text[bytes.index(after: colon)...])
    if scheme == "file" {
      (authority, path) = ("", try Self.localPath(try Self.withoutLocalAuthority(rest)))
      return
    }
    guard hasBytePrefix(rest, "//") else { throw .relative }
    let parts = rest.utf8.dropFirst(2).split(
      separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
    authority = parts.first.map { String(Substring($0)) } ?? ""
    // Hadoop's configuration says which cluster `hdfs:///path` is.
    guard !authority.isEmpty || scheme == "hdfs" else { throw .noAuthority }
    // Of web servers' hosts the UFS has rules of its own.
    guard scheme.hasPrefix("http") || !authority.utf8.contains(UInt8(ascii: "@")) else {
      throw .userInfo
    }
    path = parts.count > 1 ? withoutTrailingSlashes(String(Substring(parts[1]))) : ""
  }

  /// The canonical text: no slash at its end, but for `file:///`.
  package var description: String {
    if scheme == "file" { return "file:///\(path)" }
    let root = "\(scheme)://\(authority)"
    return path.isEmpty && !authority.isEmpty ? root : "\(root)/\(path)"
  }

  /// The text of `path` below this URI, `""` for the URI itself; nil when it is elsewhere.
  package func relative(_ other: UFSURI) -> String? {
    guard other.scheme == scheme, isSameText(other.authority, authority) else { return nil }
    return pathBelow(path, other.path)
  }

  package static func == (left: UFSURI, right: UFSURI) -> Bool {
    left.scheme == right.scheme && isSameText(left.authority, right.authority)
      && isSameText(left.path, right.path)
  }

  private static func isScheme(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, isLetter(first) else { return false }
    return text.utf8.allSatisfy {
      isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E
    }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }

  /// The path of `file:` URIs with one, three or (to `localhost`) two slashes.
  private static func withoutLocalAuthority(_ rest: String) throws(PathRule) -> String {
    guard hasBytePrefix(rest, "//") else { return rest }
    if hasBytePrefix(rest, "///") { return String(Substring(rest.utf8.dropFirst(2))) }
    guard hasBytePrefix(rest, "//localhost/") else { throw .authority }
    return String(Substring(rest.utf8.dropFirst("//localhost".utf8.count)))
  }

  private static func localPath(_ path: String) throws(PathRule) -> String {
    guard path.utf8.first == UInt8(ascii: "/") else { throw .relative }
    return withoutTrailingSlashes(String(Substring(path.utf8.dropFirst())))
  }
}
