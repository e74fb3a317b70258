// `penstock info nodes`: the workers of a coordinator, and the coordinator.

import ArgumentParser
import Model
import WorkerDaemon

/// `penstock info nodes`: which nodes are there, and how they are.
struct InfoNodesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nodes", abstract: "Lists the workers of a coordinator, and the coordinator.",
    discussion: """
      A worker is ONLINE while it is heard of, and LOST after alluxio.master.worker.timeout of silence \
      or when it was stopped; after alluxio.master.lost.worker.deletion.timeout it is no longer listed. \
      SUSPECT: it is heard of, but the coordinator cannot reach it, or its tasks are stuck. ADDRESS is \
      what reports and the log call a node, REST where clients ask it.
      """)

  @Option(help: "TEXT or JSON.", transform: Self.format)
  var format = "TEXT"
  @OptionGroup var coordinator: CoordinatorOptions

  private static let head = [
    "ROLE", "ADDRESS", "REST", "STATE", "VERSION", "USED", "HEARD", "TASKS", "FILES", "ID",
  ]

  func run() throws {
    let (text, answer) = try coordinator.answerText("GET", "/api/v1/nodes", [])
    if format == "JSON" { return try print([text]) }
    var rows = [Self.head]
    rows += (answer["workers"]?.elements ?? []).map(Self.row(ofWorker:))
    rows += (answer["coordinators"]?.elements ?? []).map(Self.row(ofCoordinator:))
    let widths = Self.head.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    try print(
      rows.map { row in
        var line = ""
        for (column, cell) in row.enumerated() {
          line += cell
          guard column + 1 < row.count else { continue }
          line += String(repeating: " ", count: widths[column] - cell.count + 2)
        }
        return line
      })
  }

  private static func format(_ text: String) throws -> String {
    let word = text.uppercased()
    guard word == "TEXT" || word == "JSON" else {
      throw ValidationError("--format is TEXT or JSON")
    }
    return word
  }

  private static func row(ofWorker worker: JSONValue) -> [String] {
    let tiers = (worker["capacity"]?.elements ?? []).map { tier in
      "\(tier["tier"]?.text ?? "?") \(size(tier["usedBytes"]))/\(size(tier["totalBytes"]))"
    }
    let silence = worker["silentMilliseconds"]?.integer ?? 0
    return [
      "worker", worker["address"]?.text ?? "", worker["restAddress"]?.text ?? "-",
      worker["suspect"]?.truth == true ? "SUSPECT" : worker["state"]?.text ?? "",
      worker["version"]?.text ?? "", tiers.isEmpty ? "-" : tiers.joined(separator: " "),
      "\(silence / 1000).\(silence / 100 % 10)s ago", "\(worker["tasks"]?.integer ?? 0)",
      "\(worker["heldFiles"]?.integer ?? 0)", worker["id"]?.text ?? "",
    ]
  }

  private static func row(ofCoordinator coordinator: JSONValue) -> [String] {
    [
      "coordinator", coordinator["address"]?.text ?? "", coordinator["webAddress"]?.text ?? "-",
      coordinator["state"]?.text ?? "",
      coordinator["version"]?.text ?? "", "-", "-", "-", "-", coordinator["id"]?.text ?? "",
    ]
  }

  private static func size(_ value: JSONValue?) -> String { SizeText.print(value?.integer ?? 0) }

  private func print(_ lines: [String]) throws {
    for line in lines {
      guard Terminal.output(line) else { throw ExitCode(ExitStatus.failure) }
    }
  }
}
