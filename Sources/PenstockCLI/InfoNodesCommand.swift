// `penstock info nodes`: the workers of a coordinator.

import ArgumentParser
import WorkerDaemon

/// `penstock info nodes`: which workers are there.
struct InfoNodesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nodes",
    abstract: "Lists the workers of a coordinator: id, address, ONLINE or LOST, tasks.")

  @OptionGroup var coordinator: CoordinatorOptions

  func run() throws {
    let answer = try coordinator.answer("GET", "/api/v1/nodes", [])
    for worker in answer["workers"]?.elements ?? [] {
      let fields = ["id", "address", "state"].map { worker[$0]?.text ?? "" }
      let line = (fields + ["\(worker["tasks"]?.integer ?? 0)"]).joined(separator: "  ")
      guard Terminal.output(line) else { throw ExitCode(ExitStatus.failure) }
    }
  }
}
