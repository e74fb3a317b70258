// `worker-bench stress`: many threads read one file of a worker, with the flags and the summary of StressWorkerBench.

import ArgumentParser
import BenchSupport
import DaemonDriver
import Glibc
import PenstockClient

struct StressCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stress",
    abstract: "Reads a file of a worker with many threads; flags as of StressWorkerBench.",
    discussion: """
      --conf names the worker: workers=, socket=, socket_dir=, coordinator=, or keys of the site file. Without any, a worker is started. \
      One machine does the reading: flags that spread it over a cluster are accepted and told in the summary.
      """)

  @Option(help: "The daemon's executable; without it, the one beside this program.")
  var daemon: String?
  @Option(help: "Where the file is, in the cluster's tree.")
  var base = "alluxio:///stress-worker-base"
  @Option(help: "A name for the base in the summary.") var baseAlias = ""
  @Option(help: "A word for the summary.") var tag = ""
  @Option(help: "Clients.") var clients = 1
  @Option(help: "Threads.") var threads = 256
  @Option(help: "How long is measured.") var duration = "30s"
  @Option(help: "How long is read before.") var warmup = "30s"
  @Option(help: "Bytes of the file that all threads read.") var fileSize = "128m"
  @Option(help: "Bytes of each read.") var bufferSize = "4k"
  @Option(help: "The time over which a throughput is taken for the percentiles.")
  var sliceSize = "1s"
  @Flag(help: "Read stretches of random place and length.") var isRandom = false
  @Option(help: "Where the random numbers begin.") var randomSeed = 1
  @Option(help: "Least bytes of a random stretch.") var randomMinLength = "1m"
  @Option(help: "Most bytes of a random stretch.") var randomMaxLength = "4m"
  @Flag(help: "Drop the cached file at the end.") var free = false
  @Flag(help: "The file is there already.") var skipCreation = false
  @Option(
    parsing: .unconditionalSingleValue,
    help: "A setting of the client, such as workers=host:28080; may be repeated.")
  var conf: [String] = []
  @Option(
    help:
      "CONSISTENT, LOCAL_ONLY or REMOTE_ONLY; JUMP, KETAMA, MAGLEV, MULTI_PROBE and HASH choose as CONSISTENT does."
  )
  var mode = "CONSISTENT"
  @Flag(help: "Accepted: only this machine reads.") var cluster = false
  @Option(parsing: .unconditional, help: "Accepted and without effect here.") var clusterLimit = 0
  @Option(help: "Accepted and without effect here.") var clusterStartDelay = "10s"
  @Option(help: "Gives up after this time.") var benchTimeout = "20m"
  @Option(parsing: .unconditionalSingleValue, help: "Accepted and ignored: there is no JVM.")
  var javaOpt: [String] = []
  @Option(parsing: .unconditional, help: "Accepted and ignored: there is no JVM.")
  var profileAgent = ""
  @Option(help: .hidden) var id = "local-task-0"
  @Option(parsing: .unconditional, help: .hidden) var index = "local-task-0"
  @Flag(help: .hidden) var distributed = false
  @Option(parsing: .unconditional, help: .hidden) var startMs: Int64 = -1
  @Flag(help: .hidden) var inProcess = false

  private static let modes: Set<String> = [
    "CONSISTENT", "JUMP", "KETAMA", "MAGLEV", "MULTI_PROBE", "LOCAL_ONLY", "REMOTE_ONLY", "HASH",
  ]

  func validate() throws {
    _ = try plan()
    guard Self.modes.contains(mode.uppercased()) else {
      throw ValidationError("--mode is one of \(Self.modes.sorted().joined(separator: ", "))")
    }
    guard base.hasPrefix("alluxio:///") || base.hasPrefix("/") else {
      throw ValidationError("--base is a path of the cluster's tree, such as alluxio:///folder")
    }
  }

  private var folder: String {
    var path = base.hasPrefix("alluxio://") ? String(base.dropFirst(10)) : base
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }

  private func plan() throws -> StressPlan {
    let (size, buffer) = (try bytes(fileSize, "file-size"), try bytes(bufferSize, "buffer-size"))
    let least = try bytes(randomMinLength, "random-min-length")
    let most = try bytes(randomMaxLength, "random-max-length")
    guard clients > 0, threads > 0, size > 0, buffer > 0, least > 0, least <= most else {
      throw ValidationError(
        "clients, threads and sizes are at least 1, and the least at most the most")
    }
    return StressPlan(
      path: "\(folder)/data", threads: threads, duration: try time(duration, "duration"),
      warmup: try time(warmup, "warmup"), fileSize: size, bufferSize: min(size, buffer),
      slice: max(0.001, try time(sliceSize, "slice-size")), isRandom: isRandom,
      seed: UInt64(bitPattern: Int64(randomSeed)), timeout: try time(benchTimeout, "bench-timeout"),
      lengths: least...most)
  }

  private func bytes(_ text: String, _ flag: String) throws -> Int {
    guard let size = ByteSize(argument: text) else {
      throw ValidationError("--\(flag) is no size: \(text)")
    }
    return size.bytes
  }

  private func time(_ text: String, _ flag: String) throws -> Double {
    let unit = text.drop { $0.isNumber || $0 == "." }
    let scales: [Substring: Double] = [
      "": 0.001, "ms": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600,
    ]
    guard let number = Double(text.prefix { $0.isNumber || $0 == "." }), let scale = scales[unit]
    else {
      throw ValidationError("--\(flag) is no time: \(text)")
    }
    return number * scale
  }

  func run() throws {
    let plan = try plan()
    let ground = try StressGround(
      conf: conf, folder: folder, daemon: daemon, fileSize: plan.fileSize)
    if free { try ground.checkFree() }
    var settings = ground.settings
    if mode.uppercased() == "LOCAL_ONLY" { settings += ["ufs_fallback=false"] }
    if mode.uppercased() == "REMOTE_ONLY" { settings += ["short_circuit=false"] }
    let all = try (0..<clients).map { _ in try Client(try ClientOptions(settings)) }
    if !skipCreation { try ground.create(plan, with: all[0]) }
    var result = try StressRun.run(plan, all)
    let away = (result.paths[.network] ?? 0) + (result.paths[.ufs] ?? 0)
    if mode.uppercased() == "LOCAL_ONLY", away > 0 {
      result.errors.append("LOCAL_ONLY, but \(away) bytes came from no worker of this host")
    }
    if free { try ground.free(plan, with: all[0]) }
    print(summary(plan, result))
    guard result.errors.isEmpty else { throw ExitCode(1) }
  }

  private func summary(_ plan: StressPlan, _ result: StressResult) -> String {
    let texts = [
      ("mBase", base), ("mBaseAlias", baseAlias), ("mTag", tag), ("mDuration", duration),
      ("mWarmup", warmup), ("mFileSize", fileSize), ("mBufferSize", bufferSize),
      ("mSliceSize", sliceSize), ("mRandomMinReadLength", randomMinLength),
      ("mRandomMaxReadLength", randomMaxLength), ("mMode", mode),
    ]
    let numbers = [("mClients", clients), ("mThreads", threads), ("mRandomSeed", randomSeed)]
    let truths = [("mIsRandom", isRandom), ("mFree", free), ("mSkipCreation", skipCreation)]
    let parameters =
      texts.map { "\(jsonText($0.0)):\(jsonText($0.1))" }
      + numbers.map { "\(jsonText($0.0)):\($0.1)" }
      + truths.map { "\(jsonText($0.0)):\($0.1)" }
    let node = result.json
    return "{\"parameters\":{\(parameters.joined(separator: ","))},\(node),"
      + "\"nodeResults\":{\(jsonText(id)):{\(node)}},"
      + "\"errors\":[\(result.errors.map(jsonText).joined(separator: ","))]}"
  }
}
