// Which paths a web server can be asked for.

/// The rules for paths below an HTTP mount.
enum HTTPPath {
  /// The first rule that `path` breaks; nil for a path below a root, and for `""`.
  ///
  /// Dots would be worked out on the way, by us or by the server, and lead elsewhere.
  static func brokenRule(_ path: String) -> PathRule? {
    if path.isEmpty { return nil }
    if path.utf8.count > LocalPath.pathLengthMax { return .pathTooLong }
    if path.utf8.contains(0) { return .nul }
    for name in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      if name.isEmpty { return .emptyComponent }
      if name.elementsEqual(".".utf8) { return .dot }
      if name.elementsEqual("..".utf8) { return .dotDot }
    }
    return nil
  }
}
