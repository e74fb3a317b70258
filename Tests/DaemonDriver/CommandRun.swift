// A command run to its end, with what it printed.

import Glibc

/// What a finished command left.
package struct CommandRun {
  /// How it ended; nil when it had to be killed at its deadline.
  package let status: ExitStatus?
  /// Standard output.
  package let output: String
  /// Standard error.
  package let errors: String

  /// Whether it ended by itself with status 0.
  package var succeeded: Bool { status == .code(0) }

  /// Runs `command` and waits at most `limit` for it.
  package init(
    _ command: [String], variables: [String: String] = [:], limit: Duration = .seconds(60)
  ) throws(DriverError) {
    let scratch = try ScratchDirectory("run")
    let child = try ChildProcess(
      command, output: scratch.path("out"), errors: scratch.path("err"), variables: variables)
    let ended = child.wait(limit)
    if ended == nil { child.stop(within: .zero) }
    status = ended
    output = (try? readText(scratch.path("out"))) ?? ""
    errors = (try? readText(scratch.path("err"))) ?? ""
  }
}
