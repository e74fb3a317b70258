// Tests against real processes. They run one after the other: some need the default ports, and all of
// them would rather have the machine to themselves.

import DaemonDriver
import Foundation
import Testing

/// The parent of every integration suite.
@Suite("Integration", .serialized)
struct Integration {}

/// Where the programs under test are.
enum Binaries {
  /// The repository's root.
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// The folder of the built products: `PENSTOCK_TEST_BIN`, else the one this test runs from.
  static let folder: String = {
    if let named = ProcessInfo.processInfo.environment["PENSTOCK_TEST_BIN"] { return named }
    let own = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path
    let candidates = [own, "\(root)/.build/debug"]
    return candidates.first { FileManager.default.isExecutableFile(atPath: "\($0)/penstockd") }
      ?? own
  }()

  static var penstockd: String { "\(folder)/penstockd" }
  static var penstock: String { "\(folder)/penstock" }
}

/// Runs blocking code on a thread of its own, so that other tests keep theirs; the test it belongs to
/// stays known, so that what goes wrong is recorded there.
func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
  try await withTaskExecutorPreference(OwnThreads.shared) { try await apart(body) }
}

@concurrent private func apart<T>(_ body: @Sendable () throws -> T) async throws -> T {
  try body()
}

/// Gives each job a thread.
private final class OwnThreads: TaskExecutor {
  static let shared = OwnThreads()

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let thread = Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    thread.stackSize = 4 << 20
    thread.start()
  }
}

/// A daemon on free ports with one mount, `/data`, and the folder behind it.
final class Fixture: Sendable {
  let folder: String
  nonisolated(unsafe) let daemon: DaemonProcess
  private let scratch: ScratchDirectory

  /// Starts the daemon once `prepare` has filled the folder.
  init(
    options: [String] = [], memory: [String] = Fixture.memory, ports: DaemonPorts? = nil,
    prepare: (String) throws -> Void = { _ in }
  ) throws {
    scratch = try ScratchDirectory("integration")
    folder = scratch.path("data")
    try makeDirectories(folder)
    try prepare(folder)
    daemon = try DaemonProcess(
      Binaries.penstockd, ports: try ports ?? .free(),
      options: ["--mount", "/data=file://\(folder)"] + memory + options)
  }

  /// A small arena, so that a test machine can hold several daemons.
  static let memory = [
    "-Dalluxio.worker.page.store.type=MEM", "-Dalluxio.worker.page.store.sizes=256MiB",
    // Most tests use little of it: the rest is not touched for nothing.
    "-Dpenstock.worker.page.store.memory.reserve=0",
  ]

  /// The source path of a file of the folder.
  func source(_ name: String) -> String { "file://\(folder)/\(name)" }

  /// A connection to the REST port.
  func rest() throws -> HTTPConnection { try HTTPConnection(port: daemon.ports.rest) }

  /// A connection to the object port.
  func objects() throws -> HTTPConnection { try HTTPConnection(port: daemon.ports.object) }

  /// The daemon is there, ready and not leaking its complaints into a crash.
  func expectAlive(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(
      daemon.process.isRunning, "\(daemon.process.status?.description ?? ""): \(daemon.logText)",
      sourceLocation: sourceLocation)
    #expect(isReady(daemon.ports.web), sourceLocation: sourceLocation)
  }
}

/// Asks `condition` again and again until it holds; false when it did not within `limit`.
func eventually(_ limit: Duration = .seconds(20), _ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if try condition() { return true }
  }
  return false
}
