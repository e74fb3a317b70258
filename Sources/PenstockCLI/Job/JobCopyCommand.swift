// `penstock job copy`: files from one place to another.

import ArgumentParser
import Scheduler

/// `penstock job copy` (compat §7.3).
struct JobCopyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy", abstract: "Copies files between under file systems.")

  @OptionGroup var transfer: JobTransferOptions
  @Flag(exclusivity: .exclusive) var action: JobAction
  @OptionGroup var report: JobReportOptions
  @OptionGroup var coordinator: CoordinatorOptions

  func validate() throws {
    try transfer.check()
    try report.check(action)
  }

  func run() throws {
    let call = JobCall(type: .copy, target: transfer.target, coordinator: coordinator)
    try call.run(action, transfer.options, report)
  }
}
