// Other programs on the same files: as many processes at once as there are streams, the bytes thrown away.

import Glibc
import UFS

/// A program to compare with.
package enum Comparison: String, Sendable, CaseIterable {
  case curl
  case s5cmd

  /// A program about to be started.
  private struct Command {
    let words: [String]
    /// What it reads from its standard input: other users of the machine see arguments.
    var input = ""
  }

  /// Reads every file of the test once.
  func read(_ plan: UFSIOTestPlan, _ ground: TestGround) -> ContestSample {
    // Signed before the clock runs: the signature is ours, not the program's.
    let mount = ground.mount
    let commands = ground.streams(plan.streamCount) { await command(mount, plan.file($0)) }
    let start = ResourceUse.now(.children)
    var children: [pid_t] = []
    var problem: String?
    for command in commands {
      switch command {
      case .failure(let error): problem = problem ?? "\(error)"
      case .success(nil): problem = problem ?? "\(rawValue) cannot read \(mount.uri.scheme)://"
      case .success(let command?):
        guard problem == nil else { continue }
        if let child = Self.start(command) {
          children.append(child)
        } else {
          problem = "\(rawValue) is not installed"
        }
      }
    }
    for child in children {
      var status: Int32 = 0
      while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
      if status != 0 { problem = problem ?? "\(rawValue) ended with \(Self.text(status))" }
    }
    if let problem { return ContestSample(problem: problem) }
    return ContestSample(bytes: plan.totalSize, ResourceUse.now(.children).since(start))
  }

  /// A wait status as its reader knows it.
  private static func text(_ status: Int32) -> String {
    status & 0x7F == 0 ? "exit status \(status >> 8 & 0xFF)" : "signal \(status & 0x7F)"
  }

  private func command(
    _ mount: Mount, _ file: String
  ) async -> Result<Command?, UFSError> {
    let path = mount.uri.path.isEmpty ? file : "\(mount.uri.path)/\(file)"
    let url = "\(mount.uri.scheme)://\(mount.uri.authority)/\(path)"
    let curl = ["curl", "-sSf", "-o", "/dev/null"]
    switch (self, mount.uri.scheme) {
    case (.curl, "file"), (.curl, "http"), (.curl, "https"):
      return .success(Command(words: curl + [url]))
    case (.curl, _):
      guard let store = mount.ufs as? S3UFS else { return .success(nil) }
      do throws(UFSError) {
        let signed = try await store.signedGet(file)
        var lines = signed.fields.dropFirst().map {
          "header = \(Self.quoted("\($0.name): \($0.value)"))"
        }
        lines.append("url = \(Self.quoted("\(signed.origin)\(signed.target)"))")
        if let authority = mount.options["penstock.underfs.s3.tls.ca.file"] {
          lines.append("cacert = \(Self.quoted(authority))")
        }
        return .success(
          Command(words: curl + ["-K", "-"], input: lines.joined(separator: "\n") + "\n"))
      } catch { return .failure(error) }
    case (.s5cmd, "s3"), (.s5cmd, "s3a"):
      let endpoint = mount.options["alluxio.underfs.s3.endpoint"] ?? mount.options["endpoint"]
      let place = endpoint.map { ["--endpoint-url", $0.contains("://") ? $0 : "http://\($0)"] }
      return .success(
        Command(words: ["s5cmd"] + (place ?? []) + ["cat", "s3://\(mount.uri.authority)/\(path)"]))
    default: return .success(nil)
    }
  }

  /// A value of curl's configuration.
  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  /// Starts `command` with its output thrown away.
  private static func start(_ command: Command) -> pid_t? {
    guard let input = Self.input(command.input) else { return nil }
    defer { close(input) }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    // What it says of a failure is worth more than a clean screen.
    unsafe posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe []
    for word in command.words { unsafe arguments.append(strdup(word)) }
    unsafe arguments.append(nil)
    defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
    var child: pid_t = 0
    guard unsafe posix_spawnp(&child, command.words[0], &actions, nil, &arguments, environ) == 0
    else {
      return nil
    }
    return child
  }

  /// A descriptor that gives `text` and then its end; nil when there is none left.
  private static func input(_ text: String) -> Int32? {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[1]) }
    let bytes = Array(text.utf8)
    // A pipe takes 64 KiB without a reader; these are header lines.
    guard unsafe write(ends[1], bytes, bytes.count) == bytes.count else {
      close(ends[0])
      return nil
    }
    return ends[0]
  }
}
