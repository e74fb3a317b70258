// store-bench: what the page store costs without a network, and where its pages lie.
//
//   swift run -c release store-bench --pages 1000000 --threads 2
//   swift run -c release store-bench numa
//   swift run -c release store-bench pressure
//   swift run -c release store-bench disk DIR
//   swift run -c release store-bench log DIR
//   swift run -c release store-bench tiers --directory DIR
//   swift run -c release store-bench scale --directory DIR

import ArgumentParser

@main
struct StoreBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store-bench", abstract: "Measures the page store.",
    subcommands: [
      CallsCommand.self, NUMACommand.self, PressureCommand.self, DiskCommand.self,
      LogCommand.self, TiersCommand.self, SqueezeCommand.self,
      ScaleCommand.self,
    ],
    defaultSubcommand: CallsCommand.self)
}
