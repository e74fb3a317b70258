// The virtual environment that holds the public client, made once for each set of requirements.

import DaemonDriver
import Foundation

/// A Python interpreter with the requirements of these tests.
struct PythonEnvironment {
  /// The interpreter.
  let python: String

  /// Finds the environment below `.build`, or makes it; that takes the network and some seconds.
  init() throws {
    let requirements = "\(Binaries.root)/Tests/Python/requirements.txt"
    var digest = RunningDigest()
    for byte in try readBytes(requirements) {
      withUnsafeBytes(of: byte) { digest.update($0) }
    }
    let folder = "\(Binaries.root)/.build/venv-\(digest.finish().prefix(12))"
    python = "\(folder)/bin/python"
    let marker = "\(folder)/complete"
    if FileManager.default.fileExists(atPath: marker) { return }
    removeTree(folder)
    try PythonEnvironment.run(["python3", "-m", "venv", folder])
    try PythonEnvironment.run([
      python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements,
    ])
    try writeBytes([], to: marker)
  }

  private static func run(_ command: [String]) throws {
    let run = try CommandRun(command, limit: .seconds(300))
    guard run.succeeded else {
      throw DriverError.program("\(command.joined(separator: " ")): \(run.errors)\(run.output)")
    }
  }
}
