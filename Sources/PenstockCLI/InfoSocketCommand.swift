// `penstock info socket`: the domain socket of a worker, its clients and their leases.

import ArgumentParser

/// `penstock info socket`: path, clients, leases, and bytes by way.
struct InfoSocketCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "socket",
    abstract: "Shows a worker's domain socket: its path, clients, leases, and bytes by way.",
    discussion: "Asks the running worker at its web port (alluxio.worker.web.port).")

  @Flag(help: "Prints JSON.")
  var json = false
  @OptionGroup var worker: WorkerOptions

  func run() throws {
    let target = json ? "/v1/short-circuit" : "/v1/short-circuit?format=text"
    let text = try worker.get(target) + (json ? "\n" : "")
    guard Terminal.output(String(text.dropLast())) else { throw ExitCode(ExitStatus.failure) }
  }
}
