// Other programs on the same files: as many processes at once as there are streams, the bytes thrown away.

import Glibc
import UFS

/// A program to compare with.
package enum Comparison: String, Sendable, CaseIterable {
  case curl
  case s5cmd

  /// Reads every file of the test once.
  func read(_ plan: UFSIOTestPlan, _ mount: Mount) -> ContestSample {
    let start = ResourceUse.now(.children)
    var children: [pid_t] = []
    var problem: String?
    for index in 0..<plan.streamCount {
      guard let command = command(mount, plan.file(index)) else {
        problem = "\(rawValue) cannot read \(mount.uri.scheme)://"
        break
      }
      guard let child = Self.start(command) else {
        problem = "\(rawValue) is not installed"
        break
      }
      children.append(child)
    }
    for child in children {
      var status: Int32 = 0
      while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
      if status != 0 { problem = problem ?? "\(rawValue) ended with wait status \(status)" }
    }
    if let problem { return ContestSample(problem: problem) }
    return ContestSample(bytes: plan.totalSize, ResourceUse.now(.children).since(start))
  }

  private func command(_ mount: Mount, _ file: String) -> [String]? {
    let path = mount.uri.path.isEmpty ? file : "\(mount.uri.path)/\(file)"
    let url = "\(mount.uri.scheme)://\(mount.uri.authority)/\(path)"
    let endpoint =
      mount.options["alluxio.underfs.s3.endpoint"] ?? mount.options["endpoint"]
    switch (self, mount.uri.scheme) {
    case (.curl, "file"), (.curl, "http"), (.curl, "https"):
      return ["curl", "-sf", "-o", "/dev/null", url]
    case (.curl, "s3"), (.curl, "s3a"):
      guard let endpoint else { return nil }
      let base = endpoint.contains("://") ? endpoint : "http://\(endpoint)"
      return ["curl", "-sf", "-o", "/dev/null", "\(base)/\(mount.uri.authority)/\(path)"]
    case (.s5cmd, "s3"), (.s5cmd, "s3a"):
      let place = endpoint.map { ["--endpoint-url", $0.contains("://") ? $0 : "http://\($0)"] }
      return ["s5cmd"] + (place ?? []) + ["cat", "s3://\(mount.uri.authority)/\(path)"]
    default: return nil
    }
  }

  /// Starts `command` with its output thrown away.
  private static func start(_ command: [String]) -> pid_t? {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for output in [STDOUT_FILENO, STDERR_FILENO] {
      unsafe posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0)
    }
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe []
    for word in command { unsafe arguments.append(strdup(word)) }
    unsafe arguments.append(nil)
    defer { for index in unsafe arguments.indices { unsafe free(arguments[index]) } }
    var child: pid_t = 0
    guard unsafe posix_spawnp(&child, command[0], &actions, nil, &arguments, environ) == 0 else {
      return nil
    }
    return child
  }
}
