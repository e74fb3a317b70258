// Who filled what, and where the kernel says it lies.

import Ring

/// Pieces of 4 KiB by the ring that filled them and the node they lie on.
struct NodeTable {
  /// One line: the pages of a ring, or the borrowed ones.
  private struct Row {
    var pages = 0
    var onNode: [Int: Int] = [:]
    var wrong = 0
  }

  private let nodes: [Int]
  private var rows: [Int: Row] = [:]
  private static let borrowed = Int.max

  /// Pieces that lie elsewhere than the store says, or than was asked.
  var wrong: Int { rows.values.reduce(0) { $0 + $1.wrong } }

  init(nodes: [Int]) { self.nodes = nodes }

  /// Enters a page whose pieces lie on `found`; the store said `said`, the filler asked for `asked`.
  mutating func add(_ found: [Int], said: Int, asked: Int, ring: Int?) {
    var row = rows[ring ?? Self.borrowed] ?? Row()
    row.pages += 1
    for node in found {
      row.onNode[node, default: 0] += 1
      if node != said || node != asked { row.wrong += 1 }
    }
    rows[ring ?? Self.borrowed] = row
  }

  /// The table, one line a ring.
  func text(rings: [RingPlace]) -> String {
    let places = nodes.map { "4 KiB on node \($0)" }
    var lines = [["ring", "CPU", "node", "pages"] + places + ["wrong"]]
    for (key, row) in rows.sorted(by: { $0.key < $1.key }) {
      let isBorrowed = key == Self.borrowed
      let ring = isBorrowed ? 0 : key
      var cells = [isBorrowed ? "0, node full" : "\(ring)"]
      cells += [rings[ring].cpu.map { "\($0)" } ?? "any", "\(rings[ring].node)"]
      cells.append("\(row.pages)")
      cells += nodes.map { "\(row.onNode[$0] ?? 0)" }
      lines.append(cells + ["\(row.wrong)"])
    }
    let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    return lines.map { line in
      let cells = zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return cells.dropLast().joined(separator: "  ") + "  \(line[line.count - 1])"
    }.joined(separator: "\n")
  }
}
