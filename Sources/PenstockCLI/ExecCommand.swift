// `penstock exec`: tests that are programs of their own, under the names that users know.

import ArgumentParser
import UFSIOTest

/// `penstock exec NAME`.
struct ExecCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec", abstract: "Runs a test of this machine and its under file systems.",
    subcommands: [UFSIOTestCommand.self])
}
