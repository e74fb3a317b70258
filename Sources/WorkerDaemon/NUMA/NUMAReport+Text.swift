// The report for people: one table each for nodes, rings, arenas and volumes.

import Model

extension NUMAReport {
  /// The report as tables; ends in a line feed.
  package var text: String {
    var text = Self.table(
      ["node", "CPUs", "memory", "distances", "read local", "read cross-node"],
      nodes.map { node in
        let distances = node.distances.sorted { $0.key < $1.key }
        return [
          "\(node.id)", Self.ranges(node.cpus), node.memory > 0 ? Self.size(node.memory) : "-",
          distances.map { "\($0.key):\($0.value)" }.joined(separator: " "),
          Self.size(node.localBytes), Self.size(node.crossNodeBytes),
        ]
      })
    text += "\nusable CPUs: \(Self.ranges(usableCPUs))\n"
    guard !rings.isEmpty else { return text }
    text +=
      "\n"
      + Self.table(
        ["ring", "CPU", "node", "for", "read local", "read cross-node"],
        rings.map { ring in
          [
            "\(ring.index)", ring.cpu.map { "\($0)" } ?? "any", "\(ring.node)",
            ring.isForLoads ? "loads" : "clients", Self.size(ring.localBytes),
            Self.size(ring.crossNodeBytes),
          ]
        })
    text +=
      "\n"
      + Self.table(
        ["arena of node", "capacity", "resident", "huge pages", "small-paged chunks", "bound"],
        arenas.map { arena in
          [
            "\(arena.node)", Self.size(arena.capacity), Self.size(arena.committed),
            "\(arena.hugeChunks)", "\(arena.plainChunks)", arena.isBound ? "yes" : "no",
          ]
        })
    text +=
      "\n"
      + Self.table(
        ["volume", "node", "quota", "used", "state", "path"],
        volumes.map {
          [
            $0.tier, "\($0.node)", Self.size($0.quota), Self.size($0.used),
            $0.state.isEmpty ? "-" : $0.state, $0.path.isEmpty ? "-" : $0.path,
          ]
        })
    return text
  }

  private static func size(_ bytes: some BinaryInteger) -> String {
    SizeText.print(Int64(clamping: bytes))
  }

  /// Ascending numbers as the kernel lists them: `0-3,8`.
  static func ranges(_ numbers: [Int]) -> String {
    var parts: [String] = []
    var start: Int?
    for (index, number) in numbers.enumerated() {
      let first = start ?? number
      start = first
      guard index + 1 == numbers.count || numbers[index + 1] != number + 1 else { continue }
      parts.append(first == number ? "\(number)" : "\(first)-\(number)")
      start = nil
    }
    return parts.isEmpty ? "-" : parts.joined(separator: ",")
  }

  /// Columns as wide as their widest cell, two spaces apart.
  static func table(_ header: [String], _ rows: [[String]]) -> String {
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max() ?? 0
    }
    let lines = ([header] + rows).map { row -> String in
      let cells = row.enumerated().map { column, cell in
        column + 1 == row.count
          ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }
      return cells.joined(separator: "  ")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
