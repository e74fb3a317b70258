// What a command does with a job.

import ArgumentParser

/// `--submit`, `--progress` or `--stop`.
enum JobAction: String, EnumerableFlag {
  case submit, progress, stop

  static func help(for value: JobAction) -> ArgumentHelp? {
    switch value {
    case .submit: "Submits the job; one that has not ended goes on as it is."
    case .progress: "Prints where the job stands."
    case .stop: "Stops the job."
    }
  }
}
