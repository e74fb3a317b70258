// `worker-bench wait`: returns as soon as a worker is ready.

import BenchSupport
import ArgumentParser
import DaemonDriver
import Glibc

struct WaitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait", abstract: "Waits until a worker is ready; fails when its process ends.")

  @Option(help: "The worker's web port.")
  var webPort: UInt16 = 30000
  @Option(help: "The worker's process.")
  var pid: Int32
  @Option(help: "Seconds to wait.")
  var limit = 30

  func run() throws {
    let deadline = ContinuousClock.now + .seconds(limit)
    while ContinuousClock.now < deadline {
      if isReady(webPort) { return }
      guard kill(pid, 0) == 0, !isZombie else { break }
      usleep(5_000)
    }
    throw ExitCode.failure
  }

  /// Whether the process ended and its parent, the calling shell, has not noticed yet.
  private var isZombie: Bool {
    guard let text = try? readText("/proc/\(pid)/stat"), let name = text.lastIndex(of: ")") else {
      return true
    }
    return text[name...].dropFirst(2).first == "Z"
  }
}
