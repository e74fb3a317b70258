// The job service's ceilings without a network: dispatch with simulated workers, durable submissions, many waiting jobs.

import ArgumentParser

/// `scheduler-bench`.
@main
struct SchedulerBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scheduler-bench", abstract: "Measures the scheduler without a network.",
    subcommands: [DispatchCommand.self, SubmitCommand.self])
}
