// Paths as text. Everything here looks at UTF-8 bytes: a `Character` may join a slash with the combining mark that a name
// begins with, and `String` equality takes two spellings of one letter for the same name, which a file system does not.

private let slash = UInt8(ascii: "/")

/// The parts between slashes, empty ones too; `""` has one empty part.
package func pathComponents(_ path: String) -> [String] {
  path.utf8.split(separator: slash, omittingEmptySubsequences: false).map { String(Substring($0)) }
}

/// The path of `name` in `directory`, where `""` is the root.
package func joinPath(_ directory: String, _ name: String) -> String {
  if directory.isEmpty { return name }
  return name.isEmpty ? directory : "\(directory)/\(name)"
}

/// The directory of a path and its last component; nil for the root.
package func splitPath(_ path: String) -> (directory: String, name: String)? {
  if path.isEmpty { return nil }
  guard let cut = path.utf8.lastIndex(of: slash) else { return ("", path) }
  return (String(path[..<cut]), String(path[path.utf8.index(after: cut)...]))
}

/// What is left of `path` below `prefix`, both without a slash at the end; nil unless the prefix ends at a boundary.
package func pathBelow(_ prefix: String, _ path: String) -> String? {
  if prefix.isEmpty { return path }
  guard hasBytePrefix(path, prefix) else { return nil }
  let rest = path.utf8.dropFirst(prefix.utf8.count)
  guard let first = rest.first else { return "" }
  return first == slash ? String(Substring(rest.dropFirst())) : nil
}

/// Whether `text` begins with the bytes of `prefix`.
func hasBytePrefix(_ text: String, _ prefix: String) -> Bool {
  text.utf8.starts(with: prefix.utf8)
}

/// Whether the bytes are equal.
func isSameText(_ left: String, _ right: String) -> Bool {
  left.utf8.elementsEqual(right.utf8)
}

/// Whether `left` comes before `right` by bytes.
func isBefore(_ left: String, _ right: String) -> Bool {
  left.utf8.lexicographicallyPrecedes(right.utf8)
}

/// `path` without slashes at its end.
func withoutTrailingSlashes(_ path: String) -> String {
  guard let last = path.utf8.lastIndex(where: { $0 != slash }) else { return "" }
  return String(path[...last])
}
