// The directories above a path, by bytes: what a change at the path may have changed, too.

/// The full UFS paths above `path`, nearest first, the root of its store last.
func ancestors(ofUFSPath path: String) -> [String] {
  var found: [String] = []
  var rest = Substring(path).utf8
  while let slash = rest.lastIndex(of: UInt8(ascii: "/")) {
    let head = rest[..<slash]
    if head.last == UInt8(ascii: "/") || head.last == UInt8(ascii: ":") {
      // The root: `file:///`, which keeps its slash.
      let root = String(Substring(head)) + "/"
      if root.utf8.count < path.utf8.count { found.append(root) }
      break
    }
    found.append(String(Substring(head)))
    rest = head
  }
  return found
}

/// True when the bytes of `path` are those of `directory`, alone or with a slash and more behind them.
func lies(ufsPath path: String, in directory: String) -> Bool {
  let (path, directory) = (path.utf8, directory.utf8)
  guard path.starts(with: directory) else { return false }
  if path.count == directory.count || directory.last == UInt8(ascii: "/") { return true }
  return path.dropFirst(directory.count).first == UInt8(ascii: "/")
}
