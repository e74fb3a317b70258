// Which jobs a file belongs to: `job find --file`.

/// How a path stands to a job.
package enum PathStanding: Equatable, Sendable {
  /// The job names it.
  case named
  /// It lies below a path that the job names; whether the job found it there is not kept.
  case below
}

extension JobSpecification {
  /// How `path` stands to the job's paths, byte for byte; nil for a path that the job does not look at.
  ///
  /// An index names files that the job's record does not have: those jobs are found by their source, or not at all.
  package func standing(of path: String) -> PathStanding? {
    let places: [String] =
      switch target {
      case .paths(let paths): paths
      case .index: []
      case .transfer(let source, let destination),
        .indexedTransfer(_, let source, let destination):
        [source, destination]
      }
    let standings = places.compactMap { standing(of: path, to: $0) }
    return standings.contains(.named) ? .named : standings.first
  }

  private func standing(of path: String, to place: String) -> PathStanding? {
    guard let rest = Self.rest(of: path, below: place) else { return nil }
    guard rest.contains(where: { $0 != UInt8(ascii: "/") }) else { return .named }
    let isDeep = rest.dropFirst().contains(UInt8(ascii: "/"))
    return isDeep && type != .free && !options.recursive ? nil : .below
  }

  /// Whether `path` is `directory` or lies in it, byte for byte.
  static func isBelow(_ path: String, _ directory: String) -> Bool {
    rest(of: path, below: directory) != nil
  }

  /// What `path` has behind `directory`, from a slash on; nil when it lies elsewhere.
  private static func rest(of path: String, below directory: String) -> Substring.UTF8View? {
    var base = directory.utf8[...]
    while base.last == UInt8(ascii: "/") { base.removeLast() }
    guard path.utf8.starts(with: base) else { return nil }
    let rest = path.utf8.dropFirst(base.count)
    return rest.isEmpty || rest.first == UInt8(ascii: "/") ? rest : nil
  }
}
