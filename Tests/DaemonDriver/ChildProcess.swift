// A child process: started with posix_spawn, watched through a socket that closes when it ends.
//
// One end of a socket pair is the child's descriptor 3 and nobody else's, so that its end of file is the
// child's end: waiting with a deadline needs no signal handler and no polling.

package import Glibc

/// How a process ended.
package enum ExitStatus: Equatable, CustomStringConvertible {
  case code(Int32)
  case signal(Int32)

  init(waitStatus: Int32) {
    let signal = waitStatus & 0x7f
    self = signal == 0 ? .code((waitStatus >> 8) & 0xff) : .signal(signal)
  }

  package var description: String {
    switch self {
    case .code(let code): "status \(code)"
    case .signal(let signal): "signal \(signal)"
    }
  }
}

/// A running or ended child.
///
/// Ended ones are reaped once; a live one is killed when this goes away.
package final class ChildProcess {
  /// The process's id; after the end it may belong to somebody else.
  package let pid: pid_t
  /// How it ended; nil while it runs or before anybody waited.
  package private(set) var status: ExitStatus?
  private let life: Int32

  /// Starts `command`, looked up on PATH when it holds no slash.
  ///
  /// Standard output and standard error go to the files at those paths, or to ours when nil;
  /// standard input is empty. `variables` are added to our environment.
  package init(
    _ command: [String], output: String? = nil, errors: String? = nil,
    variables: [String: String] = [:]
  ) throws(DriverError) {
    var ends: [Int32] = [0, 0]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw DriverError.last("socketpair")
    }
    defer { close(ends[1]) }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    let create = O_WRONLY | O_CREAT | O_APPEND
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    if let output { unsafe posix_spawn_file_actions_addopen(&actions, 1, output, create, 0o600) }
    if let errors { unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, create, 0o600) }
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 3)

    // Threads of a pool block signals, and a child would never hear ours.
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    let arguments = CStrings(command)
    let environment = CStrings(ChildProcess.environment(adding: variables))
    var child: pid_t = 0
    let code = unsafe posix_spawnp(
      &child, arguments.pointers[0] ?? strdup(""), &actions, &attributes, arguments.pointers,
      environment.pointers)
    guard code == 0 else {
      close(ends[0])
      throw .program("cannot start \(command[0]): \(unsafe String(cString: strerror(code)))")
    }
    pid = child
    life = ends[0]
  }

  deinit {
    if status == nil {
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
    }
    close(life)
  }

  /// Sends a signal to a process that has not been reaped.
  package func signal(_ number: Int32) {
    if status == nil { kill(pid, number) }
  }

  /// Stops the process, and returns when none of its threads runs any more; `signal(SIGCONT)` lets it go on.
  package func pause() {
    guard status == nil else { return }
    kill(pid, SIGSTOP)
    var value: Int32 = 0
    while unsafe waitpid(pid, &value, WUNTRACED) != pid {
      guard errno == EINTR else { return }
    }
    // It may have ended at this moment.
    if value & 0xff != 0x7f { status = ExitStatus(waitStatus: value) }
  }

  /// Waits for the end; nil when the process still runs after `limit`.
  package func wait(_ limit: Duration) -> ExitStatus? {
    if let status { return status }
    var poller = pollfd(fd: life, events: Int16(POLLIN), revents: 0)
    let milliseconds =
      limit.components.seconds * 1000 + limit.components.attoseconds / 1_000_000_000_000_000
    guard unsafe poll(&poller, 1, Int32(clamping: milliseconds)) > 0 else { return nil }
    var value: Int32 = 0
    guard unsafe waitpid(pid, &value, 0) == pid else { return nil }
    status = ExitStatus(waitStatus: value)
    return status
  }

  /// Whether the process has not ended yet.
  package var isRunning: Bool { wait(.zero) == nil }

  /// Ends the process: SIGTERM first, SIGKILL after `limit`.
  ///
  /// Returns how it ended.
  @discardableResult
  package func stop(within limit: Duration = .seconds(10)) -> ExitStatus? {
    signal(SIGTERM)
    if let status = wait(limit) { return status }
    signal(SIGKILL)
    return wait(.seconds(10))
  }

  private static func environment(adding variables: [String: String]) -> [String] {
    var all: [String] = []
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
      let line = unsafe String(cString: text)
      let name = line.prefix { $0 != "=" }
      if variables[String(name)] == nil { all.append(line) }
      unsafe entry += 1
    }
    return all + variables.map { "\($0.key)=\($0.value)" }
  }
}

/// A NULL-terminated array of C strings for exec.
///
/// SAFETY: the strings are copies that live as long as this does.
@safe private struct CStrings: ~Copyable {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ strings: [String]) {
    count = strings.count
    unsafe pointers = .allocate(capacity: strings.count + 1)
    for (index, text) in strings.enumerated() { unsafe pointers[index] = strdup(text) }
    unsafe pointers[strings.count] = nil
  }

  deinit {
    for index in 0..<count { unsafe free(pointers[index]) }
    unsafe pointers.deallocate()
  }
}
