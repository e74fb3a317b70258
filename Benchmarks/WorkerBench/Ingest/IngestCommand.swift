// `worker-bench ingest`: how fast a worker fills itself from its under file systems, beside what users have today.
//
//   IngestCommand           options, what is run, the result
//   IngestCommand+Large     one large object: memory, disk, TLS, a local file
//   IngestCommand+Many      many small objects, listings, reads in flight
//
// The origin is nginx over files in memory, one worker process or as many as asked for; everybody reads the same object in turns. CPU time is the
// client's alone. Objects loaded are read back through the worker and compared before anything is timed.

import ArgumentParser
import BenchSupport
import DaemonDriver
import FaultProxy
import Glibc

struct IngestCommand: ParsableCommand {
  /// What is measured.
  enum Part: String, CaseIterable, ExpressibleByArgument {
    case memory, ssd, tls, small, list, local, inflight

    /// Whether it reads the large object.
    var usesLargeObject: Bool { self == .memory || self == .ssd || self == .tls }
  }

  static let configuration = CommandConfiguration(
    commandName: "ingest",
    abstract: "Measures loading from S3 and disk beside other clients and fio.")

  @Option(help: "The daemon's executable.") var daemon: String
  @Option(help: "The executable of ufs-io-bench; without it nothing is listed.") var ioBench:
    String?
  @Option(help: "The folder of a Python environment's programs: rclone, s5cmd, minio, awscrt.")
  var programs: String?
  @Option(help: "The script of the Python clients.") var script = "Benchmarks/Clients/ingest.py"
  @Option(help: "Only this part; may be repeated.") var only: [Part] = []
  @Option(help: "Bytes of the large object.") var size = ByteSize(bytes: 2 << 30)
  @Option(help: "Small objects of 4 KiB.") var smallCount = 100_000
  @Option(help: "Keys of the listing.") var keyCount = 1_000_000
  @Option(help: "Processes of the nginx that is the origin of the large object.")
  var originWorkers = 1
  @Option(help: "Rounds.") var rounds = 5
  @Option(help: "A folder on the disk to measure.") var directory = "/var/tmp"
  @Option(
    name: .customShort("D"),
    help: ArgumentHelp("A setting of the worker; may be repeated.", valueName: "key=value"))
  var settings: [String] = []
  @Option(help: "Latency of the distant store, in milliseconds.") var latency = 200
  @Option(help: "Reads in flight at it.") var inFlight = 2048
  @Flag(help: "Print the figures as JSON besides.") var json = false
  @Flag(help: "Write Benchmarks/Results/<date>-ingest.md and .json.") var record = false

  func run() throws {
    let machine = Machine()
    let parts = only.isEmpty ? Part.allCases : only
    // Only the parts with objects in memory need them.
    let data = try IngestData(size: parts.contains { $0.usesLargeObject } ? size.bytes : 0)
    var report = IngestReport(machine, command: command, facts: facts)
    for part in parts {
      note("\(part.rawValue): begins")
      report.sections += try measure(part, data)
    }
    print(report.markdown)
    if json { print(report.json) }
    guard record else { return }
    let name = parts.count == 1 ? "ingest-\(parts[0].rawValue)" : "ingest"
    let path = try recordResult(
      name, title: "Loading", report.markdown, json: report.json)
    note("recorded in \(path)")
  }

  private func measure(_ part: Part, _ data: IngestData) throws -> [IngestSection] {
    switch part {
    case .memory: try memory(data)
    case .ssd: [try ssd(data)]
    case .tls: [try tls(data)]
    case .small: try small(data)
    case .list: [try list()]
    case .local: [try local()]
    case .inflight: [try reads()]
    }
  }

  private var command: String {
    (["scripts/bench ingest"] + only.map { "--only \($0.rawValue)" }
      + ["--rounds \(rounds) --size \(sizeText(size.bytes)) --origin-workers \(originWorkers)"]
      + settings.map { "-D \($0)" })
      .joined(separator: " ")
  }

  private var facts: [String] {
    [
      "set-up: nginx with \(originWorkers) worker(s) over files in memory, all on loopback and on the same CPUs;"
        + " medians of \(rounds) rounds in turns after one untimed; ratios are medians of the rounds'"
        + " own; CPU of the client alone, of Python clients without the interpreter's start; every"
        + " object was read back through the worker and compared first"
    ]
  }

  // MARK: What they need

  var originOptions: NginxOrigin.Options {
    var options = NginxOrigin.Options()
    options.workers = originWorkers
    options.hidesDashes = NginxOrigin.headersModule != nil
    // The fastest that nginx was found to be at files in memory.
    options.settings = "sendfile off; output_buffers 2 1m; open_file_cache max=1024;"
    return options
  }

  func plainOrigin(_ data: IngestData) throws -> NginxOrigin {
    try NginxOrigin(folder: data.root, options: originOptions)
  }

  func mountOptions(_ port: UInt16, scheme: String = "http") -> [String] {
    [
      "alluxio.underfs.s3.endpoint=\(scheme)://127.0.0.1:\(port)", "s3a.accessKeyId=a",
      "s3a.secretKey=b", "alluxio.underfs.s3.disable.dns.buckets=true",
      "alluxio.underfs.s3.region=us-east-1",
    ]
  }

  func mount(_ port: UInt16, scheme: String = "http") -> String {
    (["/bench=s3://bench"] + mountOptions(port, scheme: scheme)).joined(separator: ",")
  }

  var definitions: [String] { settings.map { "-D\($0)" } }

  var memorySettings: [String] {
    let bytes = max(size.bytes, 2 << 30) + (1 << 30)
    return [
      "-Dalluxio.worker.page.store.type=MEM", "-Dalluxio.worker.page.store.sizes=\(bytes)",
    ] + definitions
  }

  func memoryWorker(_ port: UInt16) throws -> IngestWorker {
    try IngestWorker(daemon, mount: mount(port), settings: memorySettings)
  }

  func clients(_ port: UInt16, _ data: IngestData) -> IngestClients {
    IngestClients(
      authority: "127.0.0.1:\(port)", key: "object", size: data.size, programs: programs,
      script: script)
  }

  func note(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = unsafe write(STDERR_FILENO, line, line.count)
  }
}
