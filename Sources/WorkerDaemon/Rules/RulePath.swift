// Where a rule holds: an Alluxio path and everything below it, by bytes and at path boundaries.

/// The Alluxio path of a rule, without slashes at its end; `/` is everything.
package struct RulePath: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The path's bytes; empty for `/`.
  private let bytes: [UInt8]

  /// The rule path of an Alluxio path; slashes at its end do not count.
  package init(_ alluxioPath: String) { self.init(Array(alluxioPath.utf8)[...]) }

  /// As above, from bytes.
  init(_ path: ArraySlice<UInt8>) {
    var path = path
    while path.last == UInt8(ascii: "/") { path = path.dropLast() }
    bytes = Array(path)
  }

  /// Everything.
  package static let root = RulePath("/")

  package var description: String {
    bytes.isEmpty ? "/" : String(decoding: bytes, as: UTF8.self)
  }

  /// Whether `path` is this path or lies below it.
  package func contains(_ path: RulePath) -> Bool {
    guard path.bytes.starts(with: bytes) else { return false }
    return path.bytes.count == bytes.count || path.bytes[bytes.count] == UInt8(ascii: "/")
  }

  /// The paths above this one, itself first, `/` last.
  var ancestors: some Sequence<RulePath> {
    sequence(first: self) { path in
      guard let cut = path.bytes.lastIndex(of: UInt8(ascii: "/")) else { return nil }
      return RulePath(path.bytes[..<cut])
    }
  }

  package static func < (left: RulePath, right: RulePath) -> Bool {
    left.bytes.lexicographicallyPrecedes(right.bytes)
  }
}
