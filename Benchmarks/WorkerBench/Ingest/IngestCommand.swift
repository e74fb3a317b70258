// `worker-bench ingest`: how fast a worker fills itself from its under file systems, beside what users have today.
//
// The origin is nginx over files in memory, one worker process; everybody reads the same object in turns. CPU time is the
// client's alone. Objects loaded are read back through the worker and compared before anything is timed.

import ArgumentParser
import BenchSupport
import DaemonDriver
import FaultProxy
import Glibc

struct IngestCommand: ParsableCommand {
  /// What is measured.
  enum Part: String, CaseIterable, ExpressibleByArgument {
    case memory, ssd, tls, small, list, local
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
  @Option(help: "Rounds.") var rounds = 5
  @Option(help: "A folder on the disk to measure.") var directory = "/var/tmp"
  @Option(
    name: .customShort("D"),
    help: ArgumentHelp("A setting of the worker; may be repeated.", valueName: "key=value"))
  var settings: [String] = []
  @Flag(help: "Write Benchmarks/Results/<date>-ingest.md.") var record = false

  func run() throws {
    let machine = Machine()
    let data = try IngestData(size: size.bytes)
    var lines = header(machine)
    for part in only.isEmpty ? Part.allCases : only {
      note("\(part.rawValue): begins")
      lines += try measure(part, data)
    }
    let text = lines.joined(separator: "\n")
    print(text)
    if record { note("recorded in \(try recordResult("ingest", title: "Loading", text))") }
  }

  private func measure(_ part: Part, _ data: IngestData) throws -> [String] {
    switch part {
    case .memory: try memory(data)
    case .ssd: try ssd(data)
    case .tls: try tls(data)
    case .small: try small(data)
    case .list: try list()
    case .local: try local()
    }
  }

  // MARK: Parts

  private func memory(_ data: IngestData) throws -> [String] {
    let origin = try plainOrigin(data)
    let worker = try memoryWorker(origin.port)
    let clients = clients(origin.port, data)
    _ = try worker.load("s3://bench/object")
    try worker.verify("/bench/object", against: data.object)
    let (threads, rss) = (worker.status("Threads"), worker.status("VmRSS"))
    let contest = try IngestContest(
      "One object of \(sizeText(data.size)) over plain HTTP into memory", rounds: rounds,
      [Contestant(name: "penstock, pages in memory") { try worker.load("s3://bench/object") }]
        + [clients.curlToNothing()]
        + clients.all(into: data.target).map { rival in
          Contestant(name: "\(rival.name) to tmpfs", run: rival.run)
        }, note: note)
    return contest.markdown + [
      "The worker had \(threads) threads and \(sizeText(rss << 10)) resident after the first load,"
        + " \(worker.status("Threads")) and \(sizeText(worker.status("VmRSS") << 10)) after the last.",
      "",
    ]
  }

  private func ssd(_ data: IngestData) throws -> [String] {
    let origin = try plainOrigin(data)
    let scratch = try ScratchDirectory("ingest", in: directory)
    let volume = scratch.path("volume")
    try makeDirectories(volume)
    let worker = try IngestWorker(
      daemon, mount: mount(origin.port),
      settings: [
        "-Dalluxio.worker.ramdisk.size=\(512 << 20)", "-Dalluxio.worker.tieredstore.levels=2",
        "-Dalluxio.worker.tieredstore.level1.alias=SSD",
        "-Dalluxio.worker.tieredstore.level1.dirs.path=\(volume)",
        "-Dalluxio.worker.tieredstore.level1.dirs.quota=\(data.size + data.size / 2)",
      ] + definitions)
    _ = try worker.load("s3://bench/object", untilSaved: true)
    try worker.verify("/bench/object", against: data.object)
    let contest = try IngestContest(
      "The same object onto the disk", rounds: rounds,
      [
        Contestant(name: "penstock, every page on the SSD tier (O_DIRECT)") {
          try worker.load("s3://bench/object", untilSaved: true)
        },
        Contestant(name: "fio, sequential write, O_DIRECT, 1 MiB × 16") {
          try fio("write", scratch.path("fio"), data.size)
        },
      ]
        + clients(origin.port, data).all(into: scratch.path).map { rival in
          Contestant(name: "\(rival.name) (page cache)", run: rival.run)
        }, note: note)
    return contest.markdown
  }

  private func tls(_ data: IngestData) throws -> [String] {
    let certificates = try TestCertificates()
    var options = originOptions
    options.certificate = certificates.server
    let origin = try NginxOrigin(folder: data.root, options: options)
    let authority = certificates.authority.certificate
    let worker = try IngestWorker(
      daemon,
      mount: mount(origin.port, scheme: "https")
        + ",penstock.underfs.s3.tls.ca.file=\(authority)", settings: memorySettings)
    _ = try worker.load("s3://bench/object")
    try worker.verify("/bench/object", against: data.object)
    let curl = clients(origin.port, data).curlToNothing(["--cacert", authority], scheme: "https")
    let contest = try IngestContest(
      "The same object over TLS into memory", rounds: rounds,
      [
        Contestant(name: "penstock, pages in memory") { try worker.load("s3://bench/object") },
        curl,
      ],
      note: note)
    return contest.markdown
  }

  private func small(_ data: IngestData) throws -> [String] {
    let contents = [
      try data.addSmall("tiny/", count: smallCount, size: 4 << 10),
      try data.addSmall("small/", count: smallCount / 5, size: 100 << 10),
    ]
    let listing = try ListingOrigin(contents)
    var options = originOptions
    options.listingPort = listing.port
    let origin = try NginxOrigin(folder: data.root, options: options)
    let worker = try memoryWorker(origin.port)
    var lines: [String] = []
    for content in contents {
      let path = "s3://bench/\(content.folder)"
      _ = try worker.load(path, items: content.count)
      for index in [0, content.count / 2, content.count - 1] {
        let key = ListingOrigin.key(index, of: content)
        try worker.verify("/bench/\(key)", against: "\(data.root)/bench/\(key)")
      }
      let contest = try IngestContest(
        "\(content.count) objects of \(sizeText(content.size)) into memory", rounds: rounds,
        [
          Contestant(name: "penstock, listed and loaded") {
            let sample = try worker.load(path, items: content.count)
            guard sample.bytes == content.count * content.size else {
              throw DriverError.program("\(sample.bytes) bytes of \(path) were loaded")
            }
            return sample
          }
        ], note: note)
      lines += contest.markdown
    }
    return lines
  }

  private func list() throws -> [String] {
    guard let ioBench else { return ["## Listing", "", "not measured: no ufs-io-bench", ""] }
    let content = ListingOrigin.Content(folder: "many/", count: keyCount, size: 4096, tag: "0abc")
    let listing = try ListingOrigin([content])
    var lines = ["## Listing \(keyCount) keys of one prefix", ""]
    for _ in 0..<rounds {
      let run = try CommandRun(
        [ioBench, "--mode", "list", "--path", "s3://bench/many"]
          + mountOptions(listing.port).flatMap { ["--conf", $0] }, limit: .seconds(600))
      guard run.succeeded else { throw DriverError.program("ufs-io-bench: \(run.errors)") }
      guard run.errors.contains(" \(keyCount) files") else {
        throw DriverError.program("the count is wrong: \(run.errors)")
      }
      lines += run.errors.split(separator: "\n").map { "- \($0)" }
    }
    return lines + [""]
  }

  private func local() throws -> [String] {
    let scratch = try ScratchDirectory("ingest", in: directory)
    let folder = scratch.path("data")
    try makeDirectories(folder)
    try IngestData.writeNoise(size.bytes, to: "\(folder)/object", seed: 2)
    let worker = try IngestWorker(
      daemon, mount: "/bench=file://\(folder),direct=auto", settings: memorySettings)
    let path = "file://\(folder)/object"
    _ = try worker.load(path)
    try worker.verify("/bench/object", against: "\(folder)/object")
    let contest = try IngestContest(
      "A file of \(sizeText(size.bytes)) on the local disk into memory", rounds: rounds,
      [
        Contestant(name: "penstock, pages in memory") {
          dropCachedPages("\(folder)/object")
          return try worker.load(path)
        },
        Contestant(name: "fio, sequential read, O_DIRECT, 1 MiB × 16") {
          try fio("read", "\(folder)/object", size.bytes)
        },
      ], note: note)
    return contest.markdown
  }

  // MARK: What they need

  private var originOptions: NginxOrigin.Options {
    var options = NginxOrigin.Options()
    options.hidesDashes = NginxOrigin.headersModule != nil
    // The fastest that nginx was found to be at files in memory.
    options.settings = "sendfile off; output_buffers 2 1m; open_file_cache max=1024;"
    return options
  }

  private func plainOrigin(_ data: IngestData) throws -> NginxOrigin {
    try NginxOrigin(folder: data.root, options: originOptions)
  }

  private func mountOptions(_ port: UInt16, scheme: String = "http") -> [String] {
    [
      "alluxio.underfs.s3.endpoint=\(scheme)://127.0.0.1:\(port)", "s3a.accessKeyId=a",
      "s3a.secretKey=b", "alluxio.underfs.s3.disable.dns.buckets=true",
      "alluxio.underfs.s3.region=us-east-1",
    ]
  }

  private func mount(_ port: UInt16, scheme: String = "http") -> String {
    (["/bench=s3://bench"] + mountOptions(port, scheme: scheme)).joined(separator: ",")
  }

  private var definitions: [String] { settings.map { "-D\($0)" } }

  private var memorySettings: [String] {
    let bytes = max(size.bytes, 2 << 30) + (1 << 30)
    return [
      "-Dalluxio.worker.page.store.type=MEM", "-Dalluxio.worker.page.store.sizes=\(bytes)",
    ] + definitions
  }

  private func memoryWorker(_ port: UInt16) throws -> IngestWorker {
    try IngestWorker(daemon, mount: mount(port), settings: memorySettings)
  }

  private func clients(_ port: UInt16, _ data: IngestData) -> IngestClients {
    IngestClients(
      authority: "127.0.0.1:\(port)", key: "object", size: data.size, programs: programs,
      script: script)
  }

  /// fio over the whole of a file, once.
  private func fio(_ pattern: String, _ path: String, _ size: Int) throws -> IngestSample {
    let cpu = IngestSample.childSeconds
    let run = try CommandRun(
      [
        "fio", "--name=bench", "--filename=\(path)", "--size=\(size)", "--rw=\(pattern)", "--bs=1m",
        "--iodepth=16", "--ioengine=io_uring", "--direct=1", "--output-format=terse",
        "--terse-version=3", "--overwrite=1", "--invalidate=0",
      ], limit: .seconds(600))
    let line = run.output.split(separator: "\n").last { $0.hasPrefix("3;") }
    let fields = (line ?? "").split(separator: ";", omittingEmptySubsequences: false)
    // KiB and milliseconds are fields 6 and 9 for reads, 47 and 50 for writes.
    let first = pattern == "write" ? 46 : 5
    guard run.succeeded, fields.count > first + 3, let kib = Int(fields[first]),
      let milliseconds = Double(fields[first + 3]), kib > 0
    else { throw DriverError.program("fio: \(run.errors)\(run.output.suffix(300))") }
    return IngestSample(
      bytes: kib << 10, seconds: milliseconds / 1000, cpuSeconds: IngestSample.childSeconds - cpu)
  }

  private func dropCachedPages(_ path: String) {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
    close(file)
  }

  private func header(_ machine: Machine) -> [String] {
    [
      "- machine: \(machine.processor), \(machine.cpuCount) CPUs, \(machine.memory)",
      "- kernel: \(machine.kernel)", "- commit: \(machine.commit)",
      "- running beside it: \(machine.company)",
      "- command: `scripts/bench ingest --rounds \(rounds) --size \(sizeText(size.bytes))`",
      "- set-up: nginx with one worker over files in memory, all on loopback and on the same CPUs;"
        + " medians of \(rounds) rounds in turns after one untimed; CPU of the client alone, of"
        + " Python clients without the interpreter's start; every object was read back through the"
        + " worker and compared first", "",
    ]
  }

  private func note(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = unsafe write(STDERR_FILENO, line, line.count)
  }
}
