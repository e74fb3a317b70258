// Which jobs a file belongs to: `job find --file`.

extension JobSpecification {
  /// Whether `path` is one of the job's paths or lies below one, byte for byte.
  ///
  /// An index names files that the job's record does not have: those jobs are found by their source, or not at all.
  package func covers(_ path: String) -> Bool {
    switch target {
    case .paths(let paths): paths.contains { Self.isBelow(path, $0) }
    case .index: false
    case .transfer(let source, let destination), .indexedTransfer(_, let source, let destination):
      Self.isBelow(path, source) || Self.isBelow(path, destination)
    }
  }

  /// Whether `path` is `directory` or lies in it, byte for byte.
  static func isBelow(_ path: String, _ directory: String) -> Bool {
    var base = directory.utf8[...]
    while base.last == UInt8(ascii: "/") { base.removeLast() }
    guard path.utf8.starts(with: base) else { return false }
    let rest = path.utf8.dropFirst(base.count)
    return rest.isEmpty || rest.first == UInt8(ascii: "/")
  }
}
