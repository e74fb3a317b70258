// The daemon: arguments in, a worker up, signals obeyed, one exit code out.

import ArgumentParser
import CLinux
import Glibc
import Logging
import Model
import WorkerDaemon

@main
struct Penstockd: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "penstockd",
    abstract:
      "Serves files of under file systems from memory and disks: a Penstock worker, a coordinator, or both.",
    discussion: """
      Without arguments it reads penstock-site.properties (or alluxio-site.properties) from the
      configuration directory, serves the mount at / and listens on 28080 (REST), 29998 (objects) and
      30000 (metrics). With --coordinator it also runs the job service and listens on 19999 (REST,
      metrics). SIGTERM drains and exits 0; SIGHUP reads the log settings again.
      """,
    version: Version.text)

  @Option(name: .long, help: "Directory of the site properties file.")
  var conf: String?

  @Option(
    name: .customShort("D"),
    help: ArgumentHelp("A setting that overrules file and environment.", valueName: "key=value"))
  var definitions: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A mount besides the one at /; may be repeated.", valueName: "/name=uri[,key=value…]"))
  var mount: [String] = []

  @Flag(name: .long, help: "Also run the coordinator: the job service.")
  var coordinator = false

  @Flag(name: .long, help: "Run no worker; needs --coordinator.")
  var noWorker = false

  static func main() {
    main(ConfigurationLoader.separatingDefinitions(CommandLine.arguments.dropFirst()))
  }

  func run() throws {
    unsafe pen_report_faults("penstockd")
    do throws(StartError) {
      let signals = try SignalQueue {
        Self.complain("penstockd: stopped by a signal before it was ready")
        // The process may hang in the very thing that the signal is to end: no clean-up.
        _exit(143)
      }
      try serve(signals)
    } catch {
      Self.complain("penstockd: \(error)")
      // A thread may still be opening what did not answer in time: exit handlers would take RocksDB from under its feet.
      _exit(error.code.rawValue)
    }
  }

  private func serve(_ signals: SignalQueue) throws(StartError) {
    guard coordinator || !noWorker else {
      throw StartError(.usage, "--no-worker leaves nothing to run without --coordinator")
    }
    let loaded = try load()
    applyLogSettings(loaded.configuration)
    LoggingSystem.bootstrap { StandardErrorLogHandler(label: $0) }
    let log = Logger(label: "penstockd")
    for warning in loaded.warnings { log.warning("\(warning)") }
    let machine = MachineMemory.current()
    var settings = try WorkerSettings(loaded.configuration, mounts: mount, machine: machine)
    settings.hasCoordinator = coordinator
    let jobSettings = CoordinatorSettings(loaded.configuration, worker: settings)
    try PortCheck.check(noWorker ? nil : settings, coordinator ? jobSettings : nil)
    if coordinator { try CoordinatorServer.probePorts(jobSettings) }
    let worker = noWorker ? nil : try Worker(settings, machine: machine, log: log)
    let jobs = try startCoordinator(jobSettings, worker, log)
    signals.becomeReady()
    // Whoever is told so may stop the process at once, and that is to be an orderly stop.
    worker?.becomeReady()
    jobs?.becomeReady()
    worker?.logReady()
    jobs?.logReady()
    waitForStop(signals, log)
    StopWatchdog.arm(settings.shutdownTimeout)
    jobs?.rest()
    // Threads that hang in the kernel cannot be joined, nor may exit handlers wait for them.
    guard worker?.stop() ?? true else { _exit(0) }
    jobs?.close()
  }

  /// The coordinator, when this process is to run one.
  private func startCoordinator(
    _ settings: CoordinatorSettings, _ worker: Worker?, _ log: Logger
  ) throws(StartError) -> CoordinatorServer? {
    guard coordinator else { return nil }
    do throws(StartError) {
      return try CoordinatorServer(settings, worker: worker, log: log)
    } catch {
      // What the worker holds is to be saved, whatever the coordinator lacks.
      _ = worker?.stop()
      throw error
    }
  }

  private func waitForStop(_ signals: SignalQueue, _ log: Logger) {
    while signals.next() == .reload {
      do throws(StartError) {
        applyLogSettings(try load().configuration)
        log.notice("log settings read again", metadata: ["level": "\(LogSettings.shared.level)"])
      } catch {
        log.error("the log settings stay as they are: \(error)")
      }
    }
  }

  private func load() throws(StartError) -> ConfigurationLoader.Loaded {
    do throws(ConfigurationError) {
      return try ConfigurationLoader(confDirectory: conf, definitions: definitions).load()
    } catch {
      throw StartError(.configuration, "\(error)")
    }
  }

  private func applyLogSettings(_ configuration: Configuration) {
    LogSettings.shared.level = LogSettings.level(named: configuration.choice(.logLevel))
    LogSettings.shared.format = configuration.choice(.logFormat) == "JSON" ? .json : .text
  }

  private static func complain(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    // Standard error is all there is; if it is closed, the exit code has to do.
    _ = unsafe Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }
}
