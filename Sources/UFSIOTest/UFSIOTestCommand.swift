// The command line of the test, as users of the original know it, and a few flags of ours.
//
// Standard output is the JSON report and nothing else; what people read goes to standard error.

package import ArgumentParser

import Glibc
import Model
import Ring
package import WorkerDaemon

/// `ufs-io-bench`, and `penstock exec ufsIOTest`.
package struct UFSIOTestCommand: ParsableCommand {
  /// The command as its help tells it.
  package static let configuration = CommandConfiguration(
    commandName: "ufsIOTest",
    abstract: "Measures how fast this machine writes and reads an under file system.",
    discussion: """
      Every stream writes PATH/UfsIOTest/io-benchmark-ID-N, then all are read back and compared, then \
      deleted. Standard output is a JSON report; "Mbps" in it means MiB/s. SIGINT ends the test and \
      deletes its files; a second one ends the process.
      """)

  /// Most streams: each holds memory before its first operation.
  package static let threadCountMax = 16_384
  /// Most rings.
  private static let ringCountMax = 1024

  @Option(help: "The UFS directory to test: a URI such as s3://bucket/dir, or a local directory.")
  var path: String
  @Option(help: "Bytes that each stream writes and then reads.")
  var ioSize = "4G"
  @Option(help: "Operations in flight: one stream each, 16384 at most.")
  var threads = 4
  @Flag(help: "With --cluster: take the options of the mount that holds the path.")
  var useMountConf = false
  @Option(
    name: .long, parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "An option of the UFS; may be repeated. Others come from the configuration that a worker started here would have (conf/penstock-site.properties among it).",
      valueName: "key=value"))
  var conf: [String] = []

  @OptionGroup(title: "Several workers") var cluster: ClusterFlags
  @OptionGroup(title: "Besides the original") var extra: ExtraFlags

  package init() {}

  /// Refuses what cannot be meant.
  package func validate() throws {
    guard (1...Self.threadCountMax).contains(threads) else {
      throw ValidationError(
        "--threads takes a number from 1 to \(Self.threadCountMax): each stream holds two buffers"
          + " of --buffer-size")
    }
    guard let size = SizeText.parse(ioSize), size > 0 else {
      throw ValidationError("--io-size takes a size such as 512M or 4G, not '\(ioSize)'")
    }
    guard DurationText.parse(cluster.benchTimeout) != nil else {
      throw ValidationError("--bench-timeout takes a time such as 90s or 20m")
    }
    guard let buffer = SizeText.parse(extra.bufferSize),
      buffer >= 4096, buffer <= 1 << 30, buffer % 4096 == 0
    else {
      throw ValidationError("--buffer-size takes a multiple of 4K up to 1G")
    }
    guard !extra.ceiling || !path.utf8.starts(with: "hdfs:".utf8) else {
      throw ValidationError(
        "--ceiling knows local disks and sockets of HTTP and S3, not HDFS: leave it out")
    }
    guard extra.rings.map({ (1...Self.ringCountMax).contains($0) }) ?? true else {
      throw ValidationError("--rings takes a number from 1 to \(Self.ringCountMax)")
    }
    guard extra.rounds > 0 else { throw ValidationError("--rounds takes a number above 0") }
    let options = conf.map { $0.split(separator: "=", maxSplits: 1) }
    guard options.allSatisfy({ $0.count == 2 }) else {
      throw ValidationError("--conf takes key=value")
    }
    guard !cluster.id.utf8.contains(UInt8(ascii: "/")) else {
      throw ValidationError("--id is part of a file's name: no slash")
    }
  }

  /// Runs the test; the exit status is 1 after an error, 130 after a signal.
  package func run() throws {
    guard !cluster.cluster else {
      Self.tell(
        "--cluster needs a coordinator that hands the test to its workers and gathers their reports;"
          + " this version's coordinator does not: run it on each worker without --cluster, with"
          + " another --id each")
      throw ExitCode(2)
    }
    if useMountConf { Self.tell("--use-mount-conf has no effect without --cluster; use --conf") }
    let limit = DurationText.parse(cluster.benchTimeout) ?? .seconds(1200)
    let stop = StopFlag(after: limit)
    var plan = self.plan
    plan.settings = try Self.settings(ConfigurationLoader())
    try watchSignals(stop)
    if plan.mode == .list { return try list(plan, stop) }
    let outcome: UFSIOTest.Outcome
    do throws(UFSIOTestError) {
      outcome = try UFSIOTest(plan, stop: stop).run()
    } catch {
      outcome = UFSIOTest.Outcome(errors: [error])
    }
    report(outcome)
    if stop.reason == .signal { throw ExitCode(130) }
    guard outcome.errors.isEmpty else { throw ExitCode(1) }
  }

  /// What the configuration, which the worker would find in the same place, says of under file systems.
  package static func settings(_ loader: ConfigurationLoader) throws -> [String: String] {
    do throws(ConfigurationError) {
      return WorkerSettings.mountDefaults(try loader.load().configuration)
    } catch {
      tell("error: \(error)")
      throw ExitCode(2)
    }
  }

  /// What the flags ask for.
  package var plan: UFSIOTestPlan {
    var plan = UFSIOTestPlan(path: path)
    (plan.size, plan.sizeText) = (SizeText.parse(ioSize) ?? 0, ioSize)
    plan.streamCount = threads
    plan.bufferSize = Int(SizeText.parse(extra.bufferSize) ?? 1 << 20)
    for option in conf {
      let parts = option.split(separator: "=", maxSplits: 1)
      if parts.count == 2 { plan.options[String(parts[0])] = String(parts[1]) }
    }
    plan.taskID = cluster.id
    plan.mode = extra.mode
    plan.verifies = extra.verify
    plan.ringCount = min(threads, extra.rings ?? Reactor.allowedCPUs().count)
    plan.measuresCeiling = extra.ceiling
    plan.roundCount = extra.rounds
    plan.comparisons = extra.compare
    return plan
  }

  private func list(_ plan: UFSIOTestPlan, _ stop: StopFlag) throws {
    let result: ListingResult
    do throws(UFSIOTestError) {
      result = try UFSIOTest(plan, stop: stop).list()
    } catch {
      Self.tell("error: \(error)")
      throw ExitCode(1)
    }
    Self.tell(result.line)
    if let error = result.error {
      Self.tell("error: \(error)")
      throw ExitCode(1)
    }
  }

  private func report(_ outcome: UFSIOTest.Outcome) {
    var summary = UFSIOTestSummary(
      base: cluster.parameters, plan: plan, points: outcome.points, errors: outcome.errors)
    summary.usesMountOptions = useMountConf
    Self.write(summary.json + "\n", to: STDOUT_FILENO)
    for (name, phase) in [("write", outcome.write), ("read", outcome.read)] {
      guard let phase, phase.bytes > 0 else { continue }
      Self.tell(
        "\(name): \(decimal(phase.mibPerSecond, 1)) MiB/s of \(threads) streams together, "
          + "\(decimal(phase.cpuSecondsPerGiB, 3)) CPU s/GiB")
      if extra.percentiles { Self.tell("\(name): \(Self.percentiles(phase.latencies))") }
    }
    for line in outcome.contests.flatMap(\.lines) { Self.tell(line) }
    for error in outcome.errors { Self.tell("error: \(error)") }
  }

  private static func percentiles(_ latencies: LatencyHistogram) -> String {
    let marks = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)]
    let texts = marks.map { name, share in
      "\(name) \(decimal(Double(latencies.percentile(share)) * 1e-6, 3))"
    }
    return "latency of \(latencies.count) operations in ms: \(texts.joined(separator: ", "))"
  }

  /// Lets a thread take signals: the first stops the test, which then cleans up; the second ends the process.
  private func watchSignals(_ stop: StopFlag) throws {
    do throws(StartError) {
      // Never made ready: so every signal is one that ends what is under way.
      _ = try SignalQueue {
        if stop.reason == .signal { _exit(130) }
        stop.set(.signal)
      }
    } catch {
      Self.tell("error: \(error)")
      throw ExitCode(1)
    }
  }

  static func tell(_ text: String) { write("ufs-io-bench: \(text)\n", to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes[sent...].withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      // Nobody takes it any more; the exit status has to do.
      guard count > 0 else { return }
      sent += count
    }
  }
}
