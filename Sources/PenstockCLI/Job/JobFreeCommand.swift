// `penstock job free`: files out of the cache of every worker.

import ArgumentParser
import Scheduler

/// `penstock job free` (compat §7.3).
struct JobFreeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "free", abstract: "Takes files out of the cache of every worker.",
    discussion: "Pinned files stay; the under file system keeps its files.")

  @Option(help: "A UFS URI, or a path below a mount.")
  var path: String
  @Flag(exclusivity: .exclusive) var action: JobAction
  @Option(help: "TEXT or JSON, with --progress.")
  var format = "TEXT"
  @Flag(help: "Names recent failures and retries, with --progress.")
  var verbose = false
  @OptionGroup var coordinator: CoordinatorOptions

  func run() throws {
    let call = JobPathCall(
      type: .free, subject: path, name: ("path", path), coordinator: coordinator)
    switch action {
    case .submit: try call.submit([])
    case .stop: try call.stop()
    case .progress: try call.progress(format: format.uppercased(), verbose: verbose)
    }
  }
}
