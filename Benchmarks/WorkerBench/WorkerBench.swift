// worker-bench: what quickstart and the benches do to a worker from outside, and what eviction policies make of a trace.

import ArgumentParser

@main
struct WorkerBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker-bench",
    abstract:
      "Makes data, reads it through a worker, measures the worker beside nginx, kills it, replays traces.",
    subcommands: [
      DatasetCommand.self, WaitCommand.self, LoadCommand.self, ServeCommand.self,
      IngestCommand.self, ConnectionsCommand.self, StartupCommand.self, CrashCommand.self,
      JobsCommand.self, TraceCommand.self, ReplayCommand.self, ReadCommand.self,
      ClientsCommand.self,
      StressCommand.self, BareServerCommand.self,
    ])
}
