// worker-bench: what quickstart and the benches do to a worker from outside.

import ArgumentParser

@main
struct WorkerBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker-bench",
    abstract: "Makes data, reads it through a worker and measures the worker beside nginx.",
    subcommands: [
      DatasetCommand.self, WaitCommand.self, LoadCommand.self, ServeCommand.self,
      ConnectionsCommand.self, StartupCommand.self,
    ])
}
