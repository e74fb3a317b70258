// `penstock job`: the job service of a coordinator.

import ArgumentParser

/// The group of commands about jobs.
struct JobCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "job", abstract: "Submits, watches and stops jobs of a coordinator.",
    subcommands: [
      JobLoadCommand.self, JobFreeCommand.self, JobCopyCommand.self, JobMoveCommand.self,
      JobListCommand.self, JobFindCommand.self, JobRerunCommand.self,
    ])
}
