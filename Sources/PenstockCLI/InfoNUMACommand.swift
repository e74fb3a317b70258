// `penstock info numa`: what lies on which NUMA node.

import ArgumentParser
import WorkerDaemon

/// `penstock info numa`: nodes, rings, arenas, volumes, and bytes read from near and far.
struct InfoNUMACommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "numa",
    abstract: "Shows NUMA nodes, and the rings, arenas, volumes and bytes read on each.",
    discussion: """
      Asks the running worker at its web port (alluxio.worker.web.port). With --local it shows \
      this machine's nodes and CPUs as this process sees them, and needs no worker.
      """)

  @Flag(help: "Shows this machine's topology without asking a worker.")
  var local = false
  @Flag(help: "Prints JSON.")
  var json = false
  @OptionGroup var worker: WorkerOptions

  func run() throws {
    let text: String
    if local {
      let report = NUMAReport.thisMachine
      text = json ? String(decoding: report.json, as: UTF8.self) + "\n" : report.text
    } else {
      text = try worker.get(json ? "/v1/numa" : "/v1/numa?format=text") + (json ? "\n" : "")
    }
    guard Terminal.output(String(text.dropLast())) else { throw ExitCode(ExitStatus.failure) }
  }
}
