// Which paths of a job need not be looked at, since another one that it names covers them.

/// Paths that were named, by a 128-bit mark each, with the number of the first that named them.
///
/// Marks are made with the process's own random seeds: nobody can choose paths that share one.
package struct CoveredPaths {
  /// Paths that are remembered at most, 24 bytes and the table's room each; later ones are never found.
  package static let countMax = 1_000_000

  /// A path under way to its mark, byte by byte: what it begins with has a mark, too.
  private struct Marker {
    private var first = Hasher()
    private var second = Hasher()

    init() { second.combine(1) }

    /// The mark of the bytes so far.
    var mark: Mark { Mark(high: first.finalized, low: second.finalized) }

    mutating func add(_ byte: UInt8) {
      first.combine(byte)
      second.combine(byte)
    }
  }

  private struct Mark: Hashable {
    var high: Int
    var low: Int
  }

  private var numbers: [Mark: UInt32] = [:]

  /// No path.
  package init() {}

  /// Remembers that `path` was named by `number`, unless an earlier one did.
  package mutating func add(_ path: String, _ number: UInt32) {
    var marker = Marker()
    for byte in Self.trimmed(path) { marker.add(byte) }
    guard numbers[marker.mark] == nil, numbers.count < Self.countMax else { return }
    numbers[marker.mark] = number
  }

  /// Whether a path that was named before `number` is `path`, or with `below` also a directory above it.
  package func covers(_ path: String, before number: UInt32, below: Bool) -> Bool {
    guard !numbers.isEmpty else { return false }
    var (marker, last) = (Marker(), UInt8(0))
    for byte in Self.trimmed(path) {
      if below, byte == UInt8(ascii: "/"), last != byte, isNamed(marker.mark, before: number) {
        return true
      }
      marker.add(byte)
      last = byte
    }
    return isNamed(marker.mark, before: number)
  }

  private func isNamed(_ mark: Mark, before number: UInt32) -> Bool {
    numbers[mark].map { $0 < number } ?? false
  }

  private static func trimmed(_ path: String) -> Substring.UTF8View {
    var bytes = Substring(path).utf8
    while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
    return bytes
  }
}

extension CoveredPaths {
  /// How a path of a job stands to the others.
  package enum Standing: Equatable, Sendable {
    /// It is looked at.
    case own
    /// The same path came before.
    case same
    /// It lies below another one.
    case below
  }

  /// How each of `paths` stands to the others; with `recursive` a path covers everything below it.
  package static func standings(_ paths: [String], recursive: Bool) -> [Standing] {
    var (all, earlier) = (CoveredPaths(), CoveredPaths())
    for path in paths { all.add(path, 0) }
    return paths.map { path in
      defer { earlier.add(path, 0) }
      if earlier.covers(path, before: 1, below: false) { return .same }
      guard recursive, let parent = parent(of: path) else { return .own }
      return all.covers(parent, before: 1, below: true) ? .below : .own
    }
  }

  /// The path of the directory that a path lies in; nil for a root.
  private static func parent(of path: String) -> String? {
    let bytes = trimmed(path)
    return bytes.lastIndex(of: UInt8(ascii: "/")).map { String(Substring(bytes[..<$0])) }
  }
}

extension Hasher {
  /// What it comes to; it may go on.
  fileprivate var finalized: Int {
    let copy = self
    return copy.finalize()
  }
}
