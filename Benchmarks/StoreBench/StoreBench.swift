// store-bench: what the page store costs without a network, and where its pages lie.
//
//   swift run -c release store-bench --pages 1000000 --threads 2
//   swift run -c release store-bench numa

import ArgumentParser

@main
struct StoreBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store-bench", abstract: "Measures the page store.",
    subcommands: [CallsCommand.self, NUMACommand.self], defaultSubcommand: CallsCommand.self)
}
