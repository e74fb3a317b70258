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
  @OptionGroup var report: JobReportOptions
  @OptionGroup var coordinator: CoordinatorOptions

  func validate() throws { try report.check(action) }

  func run() throws {
    let call = JobCall(type: .free, target: .paths([path]), coordinator: coordinator)
    try call.run(action, [], report)
  }
}
