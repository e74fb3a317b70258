// The Range header as Penstock answers it (compat §5.5): one range of bytes, or the whole.
//
//   bytes=a-b   a ≤ b     bytes a … min(b, size−1); a ≥ size: unsatisfiable
//   bytes=a-              bytes a … size−1
//   bytes=-n              the last min(n, size) bytes; n = 0: unsatisfiable
//   anything else         the whole: several ranges, other units, b < a, `bytes=-`, `bytes=0--2`

/// A requested range of bytes, before the size of the file is known.
package enum HTTPRange: Sendable, Hashable {
  /// Everything.
  case whole
  /// From offset `first` to offset `last` inclusive; `last` is `Int64.max` when left open. `first ≤ last`.
  case bytes(first: Int64, last: Int64)
  /// The last `count` bytes.
  case suffix(count: Int64)

  /// What a range selects of a file.
  package enum Selection: Sendable, Hashable {
    /// Everything: 200.
    case whole
    /// `count` > 0 bytes at `offset`, all inside the file: 206.
    case part(offset: Int64, count: Int64)
    /// Nothing: the range begins at or behind the end. 416, or an empty 206 (compat §5.5).
    case unsatisfiable
  }

  /// The range that the header's value `value` asks for; nil is no header.
  ///
  /// Numbers beyond Int64 are the largest Int64.
  package init(_ value: UnsafeRawBufferPointer?) {
    self = .whole
    guard let value = unsafe value, unsafe value.starts(with: "bytes=") else { return }
    let specification = unsafe value.slice(6, value.count - 6)
    var dash = 0
    while dash < specification.count, unsafe specification[dash] != UInt8(ascii: "-") { dash += 1 }
    guard dash < specification.count else { return }
    let left = unsafe specification.slice(0, dash)
    let right = unsafe specification.slice(dash + 1, specification.count - dash - 1)
    switch unsafe (left.saturatedDecimal, right.saturatedDecimal) {
    case (let first?, let last?) where first <= last: self = .bytes(first: first, last: last)
    case (let first?, nil) where right.count == 0: self = .bytes(first: first, last: .max)
    case (nil, let count?) where left.count == 0: self = .suffix(count: count)
    default: return
    }
  }

  /// What the range selects of a file of `size` bytes.
  package func selection(ofSize size: Int64) -> Selection {
    precondition(size >= 0, "a file's size is not negative")
    switch self {
    case .whole: return .whole
    case .bytes(let first, let last):
      guard first < size else { return .unsatisfiable }
      return .part(offset: first, count: min(last, size - 1) - first + 1)
    case .suffix(let count):
      let clamped = min(count, size)
      guard clamped > 0 else { return .unsatisfiable }
      return .part(offset: size - clamped, count: clamped)
    }
  }
}

extension HTTPRequestHead {
  /// The range asked for, provided that `If-Range`, if sent, names this very representation (RFC 9110 §13.1.5).
  ///
  /// `entityTag` comes with its quotes; `modified` is in seconds since the epoch. A weak tag never matches.
  package func range(ifRange entityTag: String, modified: Int64) -> HTTPRange {
    guard let condition = unsafe ifRange else { return unsafe HTTPRange(range) }
    let holds: Bool
    if let date = unsafe HTTPDate.parse(condition) {
      holds = date == modified
    } else {
      holds = unsafe condition.elementsEqual(entityTag.utf8) && !entityTag.hasPrefix("W/")
    }
    guard holds else { return .whole }
    return unsafe HTTPRange(range)
  }
}
