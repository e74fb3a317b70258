// Finding the site file, and the `penstock conf` commands as processes.

import DaemonDriver
import Foundation
import Model
import Testing
import WorkerDaemon

@Suite("Configuration loader")
struct ConfigurationLoaderTests {
  /// A fresh directory, gone with the test.
  private final class Directory {
    let path: String

    init() throws {
      path = NSTemporaryDirectory() + "penstock-conf-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
      let target = URL(filePath: path).appending(path: name)
      try FileManager.default.createDirectory(
        at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: target)
    }
  }

  @Test("the site file is found by --conf, then ALLUXIO_CONF_DIR, then the home's conf")
  func directories() throws {
    let directory = try Directory()
    let name = "penstock-site.properties"
    try directory.write("alluxio.worker.rpc.port=1", to: "a/\(name)")
    try directory.write("alluxio.worker.rpc.port=2", to: "b/\(name)")
    try directory.write("alluxio.worker.rpc.port=3", to: "conf/\(name)")
    let home = ConfigurationInput.Variable("ALLUXIO_HOME", directory.path)
    let named = ConfigurationInput.Variable("ALLUXIO_CONF_DIR", directory.path + "/b")
    let both = ConfigurationLoader(
      confDirectory: directory.path + "/a", environment: [home, named])
    #expect(try both.load().configuration.port(.rpc) == 1)
    #expect(try both.load().configuration.string(.confDirectory) == directory.path + "/a")
    let variable = ConfigurationLoader(environment: [home, named])
    #expect(try variable.load().configuration.port(.rpc) == 2)
    let fallback = try ConfigurationLoader(environment: [home]).load()
    #expect(fallback.configuration.port(.rpc) == 3)
    #expect(fallback.sitePath == directory.path + "/conf/\(name)")
    #expect(
      fallback.configuration.setting("alluxio.worker.rpc.port")?.source.description
        == "\(directory.path)/conf/\(name):1")
  }

  @Test("of two site files penstock's is read and the other is warned of; one alone is read")
  func siteNames() throws {
    let directory = try Directory()
    try directory.write("alluxio.worker.rpc.port=7", to: "alluxio-site.properties")
    let loader = ConfigurationLoader(confDirectory: directory.path, environment: [])
    #expect(try loader.load().configuration.port(.rpc) == 7)
    #expect(try loader.load().warnings.isEmpty)
    try directory.write("alluxio.worker.rpc.port=8", to: "penstock-site.properties")
    #expect(try loader.load().configuration.port(.rpc) == 8)
    #expect(try loader.load().warnings.count == 1)
  }

  @Test("no site file is fine; a missing --conf and an unreadable file are named")
  func missing() throws {
    let directory = try Directory()
    let empty = try ConfigurationLoader(confDirectory: directory.path, environment: []).load()
    #expect(empty.sitePath == nil)
    #expect(throws: ConfigurationError.self) {
      try ConfigurationLoader(confDirectory: directory.path + "/none", environment: []).load()
    }
    try directory.write("", to: "penstock-site.properties/file")
    #expect(throws: ConfigurationError.self) {
      try ConfigurationLoader(confDirectory: directory.path, environment: []).load()
    }
  }

  @Test("without a home the configuration is rooted where the process was started")
  func home() throws {
    let loaded = try ConfigurationLoader(environment: []).load()
    #expect(loaded.configuration.string(.home) == FileManager.default.currentDirectoryPath)
  }

  @Test("-Dkey=value becomes two arguments, up to --")
  func definitions() {
    let arguments = ["-Da=b", "-D", "c=-Dd", "--conf", "x", "--", "-De=f"]
    #expect(
      ConfigurationLoader.separatingDefinitions(arguments)
        == ["-D", "a=b", "-D", "c=-Dd", "--conf", "x", "--", "-De=f"])
  }

  /// What a run of `penstock` came to.
  private struct Outcome {
    let status: Int32
    let output: String
    let error: String
  }

  /// Runs the `penstock` that was built beside the tests.
  private func penstock(
    _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Outcome {
    let runner = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let program = URL(filePath: runner).deletingLastPathComponent().appending(path: "penstock")
    // Not through pipes: servers that other tests start at this moment would inherit their ends, and hold them open.
    let run = try CommandRun([program.path] + arguments, variables: environment)
    guard case .code(let status) = run.status else {
      throw DriverError.program("penstock ended with \(run.status.map { "\($0)" } ?? "a timeout")")
    }
    return Outcome(status: status, output: run.output, error: run.errors)
  }

  @Test("conf list prints every key, with --source its origin, and no secret")
  func list() throws {
    let arguments = ["conf", "list", "--source", "-Ds3a.secretKey=hush", "-Dmy.key=a=b"]
    let outcome = try penstock(arguments, environment: ["ALLUXIO_WORKER_WEB_PORT": "1"])
    #expect(outcome.status == 0)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.contains("alluxio.worker.rpc.port=29999  (default)"))
    #expect(lines.contains("alluxio.worker.web.port=1  (environment ALLUXIO_WORKER_WEB_PORT)"))
    #expect(lines.contains("s3a.secretKey=******  (command line)"))
    #expect(lines.contains("my.key=a=b  (command line)"))
    #expect(lines.contains("alluxio.worker.hostname=  (unset)"))
    #expect(!outcome.output.contains("hush"))
  }

  @Test("conf get prints one value under any spelling and refuses an unknown key with a hint")
  func get() throws {
    let known = try penstock(
      ["conf", "get", "alluxio.worker.memory.size", "-D", "alluxio.worker.ramdisk.size=5MB"])
    #expect(known.status == 0)
    #expect(known.output == "5MB\n")
    let unknown = try penstock(["conf", "get", "alluxio.worker.rpc.prot"])
    #expect(unknown.status == 1)
    #expect(unknown.output.isEmpty)
    #expect(unknown.error.contains("did you mean alluxio.worker.rpc.port?"))
  }

  @Test("a refused configuration ends with 78 and names every problem")
  func refused() throws {
    let outcome = try penstock(
      ["conf", "list", "-Dalluxio.worker.rpc.port=x", "-Dalluxio.worker.web.port=y"])
    #expect(outcome.status == 78)
    #expect(outcome.output.isEmpty)
    #expect(outcome.error.split(separator: "\n").count == 2)
  }
}
