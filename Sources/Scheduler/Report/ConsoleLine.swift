// The lines that `penstock job` prints (compat §7.4), and the exit codes they come with.

/// A line for the console and the exit code of the command.
package struct ConsoleLine: Equatable, Sendable {
  /// The line, without its end.
  package var text: String
  /// The exit code; −2 and −1 are 254 and 255 to a shell.
  package var code: Int32

  private init(_ text: String, _ code: Int32 = 0) {
    self.text = text
    self.code = code
  }

  /// The job was submitted.
  package static func submitted(_ specification: JobSpecification, _ id: JobID) -> ConsoleLine {
    ConsoleLine(
      "\(specification.type.title) '\(specification.subject)' is successfully submitted. "
        + "JobId: \(id)")
  }

  /// Such a job has not ended.
  package static func alreadyRunning(_ specification: JobSpecification) -> ConsoleLine {
    ConsoleLine(
      "\(specification.type.title) already running for path '\(specification.subject)' ")
  }

  /// The job was stopped.
  package static func stopped(_ type: JobType, _ subject: String) -> ConsoleLine {
    ConsoleLine("\(type.title) '\(subject)' is successfully stopped.")
  }

  /// There is nothing to stop.
  package static func nothingToStop(_ type: JobType, _ subject: String) -> ConsoleLine {
    ConsoleLine(
      "Cannot find \(type.word.lowercased()) job for path \(subject), "
        + "it might have already been stopped or finished")
  }

  /// The line before a report.
  package static func progressHeading(_ record: JobRecord) -> ConsoleLine {
    let specification = record.specification
    switch specification.target {
    case .paths, .index:
      return ConsoleLine(
        "Progress for \(specification.type.gerund) path '\(specification.subject)':")
    case .transfer(let source, let destination),
      .indexedTransfer(_, let source, let destination):
      return ConsoleLine(
        "Progress for jobId \(record.id) \(specification.type.gerund) path '\(source)' to "
          + "'\(destination)':")
    }
  }

  /// There is no such job.
  package static func notFound(_ type: JobType, _ subject: String) -> ConsoleLine {
    ConsoleLine("\(type.title) for path '\(subject)' cannot be found.", -2)
  }

  /// Anything else went wrong.
  package static func failure(_ message: String) -> ConsoleLine { ConsoleLine(message, -1) }

  /// A job cannot go back to the queue of a store that is this host's own.
  package static let noRerun = ConsoleLine("UnavailableException: Job ETCD is not enabled", -1)
}

extension JobType {
  /// `Load`, `Free`, `Copy` or `Move`.
  fileprivate var title: String { "\(word.prefix(1))\(word.dropFirst().lowercased())" }

  /// `loading`, `freeing`, `copying` or `moving`.
  fileprivate var gerund: String {
    switch self {
    case .load: "loading"
    case .free: "freeing"
    case .copy: "copying"
    case .move: "moving"
    }
  }
}
