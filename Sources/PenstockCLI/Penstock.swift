// `penstock`: the command beside the daemon. Each group of subcommands has a file of its own.

import ArgumentParser
import Model
import WorkerDaemon

/// The root of the command.
@main
struct PenstockCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "penstock",
    abstract: "Talks to Penstock, and shows how it is configured.",
    version: Version.text,
    subcommands: [
      CacheCommand.self, ConfCommand.self, ExecCommand.self, InfoCommand.self, JobCommand.self,
      // The short form of `job load`.
      JobLoadCommand.self,
    ])

  static func main() {
    main(ConfigurationLoader.separatingDefinitions(CommandLine.arguments.dropFirst()))
  }
}
