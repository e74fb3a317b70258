// `penstock info`: what a worker, or this machine, is made of.

import ArgumentParser

/// The group of commands about a worker and its machine.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Shows what a worker and its machine are made of.",
    subcommands: [InfoNodesCommand.self, InfoNUMACommand.self, InfoSocketCommand.self])
}
