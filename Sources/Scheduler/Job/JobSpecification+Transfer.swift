// Where a copied or moved file goes.

extension JobSpecification {
  /// The path that a file below the source is to have; nil for another one, and for jobs without a destination.
  ///
  /// The source itself becomes the destination itself; what lies below it keeps its path below.
  package func targetPath(of path: String) -> String? {
    switch target {
    case .transfer(let source, let destination), .indexedTransfer(_, let source, let destination):
      guard Self.isBelow(path, source) else { return nil }
      let base = Self.withoutSlashes(source)
      let rest = Substring(path.utf8.dropFirst(base.utf8.count))
      return Self.withoutSlashes(destination) + rest
    case .paths, .index: return nil
    }
  }

  private static func withoutSlashes(_ path: String) -> String {
    var bytes = path.utf8[...]
    while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    return String(Substring(bytes))
  }
}
