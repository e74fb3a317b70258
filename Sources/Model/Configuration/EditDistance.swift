// How far two names are apart, for "did you mean".

/// Edit distances between short names.
enum EditDistance {
  /// The candidate with the fewest edits to `name`; of several, the first in the alphabet.
  ///
  /// Nil when every candidate is more than a third of the name away, or the name is absurdly long.
  static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.utf8)
    guard wanted.count <= 200 else { return nil }
    var best: (name: String, distance: Int)?
    for candidate in candidates {
      let limit = best?.distance ?? max(2, wanted.count / 3)
      let bytes = Array(candidate.utf8)
      guard abs(bytes.count - wanted.count) <= limit else { continue }
      let distance = distance(wanted, bytes)
      guard distance <= limit else { continue }
      if let found = best, found.distance == distance, found.name < candidate { continue }
      best = (candidate, distance)
    }
    return best?.name
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn `left` into `right`.
  ///
  /// Costs the product of the lengths.
  static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var beforeLast = [Int](repeating: 0, count: right.count + 1)
    var last = Array(0...right.count)
    for (row, byte) in left.enumerated() {
      var current = [row + 1]
      for (column, other) in right.enumerated() {
        let same = byte == other ? 0 : 1
        var cost = min(current[column] + 1, last[column + 1] + 1, last[column] + same)
        if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      beforeLast = last
      last = current
    }
    return last[right.count]
  }
}
