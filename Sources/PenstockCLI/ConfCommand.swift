// `penstock conf`: the configuration as the daemon would see it.

import ArgumentParser

/// The group of commands about the configuration.
struct ConfCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "conf", abstract: "Shows the effective configuration.",
    subcommands: [ConfListCommand.self, ConfGetCommand.self, ConfDocsCommand.self])
}
