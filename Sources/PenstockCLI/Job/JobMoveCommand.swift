// `penstock job move`: files from one place to another, each source deleted once its copy is verified.

import ArgumentParser
import Scheduler

/// `penstock job move` (compat §7.3).
struct JobMoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "move",
    abstract: "Moves files; a source is deleted once its copy is read again and is the same.")

  @OptionGroup var transfer: JobTransferOptions
  @Flag(exclusivity: .exclusive) var action: JobAction
  @OptionGroup var report: JobReportOptions
  @OptionGroup var coordinator: CoordinatorOptions

  func validate() throws {
    try transfer.check()
    try report.check(action)
  }

  func run() throws {
    let call = JobCall(type: .move, target: transfer.target, coordinator: coordinator)
    try call.run(action, transfer.options, report)
  }
}
