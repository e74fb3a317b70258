// The virtual environment that holds public Python programs, made once for each set of requirements.

import Glibc

/// A Python interpreter with the requirements of some tests.
package struct PythonEnvironment: Sendable {
  /// The interpreter.
  package let python: String
  /// The folder of the environment's programs.
  package let programs: String
  /// The folder of our own scripts.
  package let scripts: String

  /// Finds the environment for a file of `Tests/Python` below `.build`, or makes it; that takes the network and some seconds.
  package init(_ requirements: String = "requirements.txt") throws(DriverError) {
    let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    scripts = "/\(root)/Tests/Python"
    var digest = RunningDigest()
    for byte in try readBytes("\(scripts)/\(requirements)") {
      unsafe withUnsafeBytes(of: byte) { unsafe digest.update($0) }
    }
    let folder = "/\(root)/.build/venv-\(digest.finish().prefix(12))"
    programs = "\(folder)/bin"
    python = "\(programs)/python"
    let marker = "\(folder)/complete"
    if unsafe access(marker, F_OK) == 0 { return }
    // Tests of one run, and of several, come at once: the first one makes it, the others wait.
    let lock = unsafe open("\(folder).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else { throw DriverError.last("open of the lock of a virtual environment") }
    defer { close(lock) }
    while flock(lock, LOCK_EX) != 0 {
      guard errno == EINTR else { throw DriverError.last("flock of a virtual environment") }
    }
    if unsafe access(marker, F_OK) == 0 { return }
    removeTree(folder)
    try Self.run(["python3", "-m", "venv", folder])
    try Self.run([
      python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r",
      "\(scripts)/\(requirements)",
    ])
    try writeBytes([], to: marker)
  }

  private static func run(_ command: [String]) throws(DriverError) {
    let run = try CommandRun(command, limit: .seconds(300))
    guard run.succeeded else {
      throw DriverError.program("\(command.joined(separator: " ")): \(run.errors)\(run.output)")
    }
  }
}
