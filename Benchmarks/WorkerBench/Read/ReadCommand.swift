// `worker-bench read`: what a read costs, on each way to a worker, beside what the system's own calls cost.

import ArgumentParser
import BenchSupport
import DaemonDriver
import Glibc
import PenstockClient

struct ReadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read", abstract: "Measures reads from a worker of this host, beside a reference.",
    discussion: """
      Starts a worker with a file in memory, compares every byte of it, reads in rounds that alternate with the reference, \
      and compares every byte again. In the rounds each read's first and last bytes are compared, with --checksum all of them. \
      --in-place copies nothing: such a read is finding the page, those two comparisons, and the look at its lease behind them. \
      `ratio` is the median of the rounds' own ratios of reads per second.
      """)

  @Option(help: "The daemon's executable; without it, the one beside this program.")
  var daemon: String?
  @Option(help: "shm (leased memory), uds (domain socket), http or s3.")
  var path = ReadWay.shm
  @Option(help: "Bytes of each read.")
  var size = ByteSize(bytes: 1 << 20)
  @Option(
    help: "seq, random, epoch; open: a new client each time; ping: a question and its answer.")
  var pattern = ReadPattern.seq
  @Option(help: "none, pread, pread-crc, ping-pong, spinning-ping-pong or bare-open.")
  var reference = ReadReference.none
  @Option(help: "How long, all rounds together, such as 5s.")
  var duration = "5s"
  @Option(help: "Rounds.")
  var rounds = 5
  @Option(help: "Threads, each with a client of its own.")
  var threads = 1
  @Option(help: "Reads begun in a second whether or not those before have ended; 0: a closed loop.")
  var rate = 0.0
  @Option(help: "Bytes of the file.")
  var data = ByteSize(bytes: 128 << 20)
  @Option(help: "CPU of the worker, which has one ring.")
  var serverCPU: Int?
  @Option(help: "CPU of a single reading thread.")
  var clientCPU: Int?
  @Flag(help: "Sum each read by CRC32C, in place where there is a place.")
  var checksum = false
  @Flag(help: "Look at the bytes where they are leased instead of copying them; for shm.")
  var inPlace = false
  @Flag(help: "Measure all that is promised, one after the other.")
  var all = false
  @Flag(help: "Print the figures as JSON.")
  var json = false
  @Flag(help: "Write Benchmarks/Results/<date>-read.md.")
  var record = false

  func run() throws {
    let machine = Machine()
    if all || record {
      let reports = try Self.promised.map { try measure($0(self), machine) }
      let lines =
        [
          "- machine: \(machine.processor), \(machine.cpuCount) CPUs, \(machine.memory)",
          "- kernel: \(machine.kernel)", "- commit: \(machine.commit)",
          "- running beside it: \(machine.company)",
          "- command: `scripts/bench read --all --duration \(duration) --rounds \(rounds)`", "",
        ] + ReadReport.head + reports.map(\.row)
      print(
        json ? "[\(reports.map(\.json).joined(separator: ","))]" : lines.joined(separator: "\n"))
      guard record else { return }
      _ = try recordResult(
        "read", title: "Reads on one host", lines.joined(separator: "\n"),
        json: "[\(reports.map(\.json).joined(separator: ","))]")
      return
    }
    let plan = plan(path, pattern, size.bytes, reference, checksum, inPlace: inPlace)
    let report = try measure(plan, machine)
    print(json ? report.json : report.text)
  }

  /// What issue and README speak of.
  private static let promised: [@Sendable (ReadCommand) -> ReadPlan] = [
    { $0.plan(.shm, .seq, 1 << 20, .pread, false) },
    { $0.plan(.shm, .random, 1 << 20, .pread, false) },
    { $0.plan(.shm, .seq, 1 << 20, .preadCRC, true) },
    { $0.plan(.shm, .random, 4096, .pread, false) },
    { $0.plan(.shm, .epoch, 4096, .pread, false) },
    { $0.plan(.shm, .random, 4096, .pread, false, inPlace: true) },
    { $0.plan(.uds, .random, 4096, .pread, false) },
    { $0.plan(.uds, .seq, 1 << 20, .pread, false) },
    { $0.plan(.http, .random, 4096, .pread, false) },
    { $0.plan(.http, .seq, 1 << 20, .pread, false) },
    { $0.plan(.s3, .seq, 1 << 20, .pread, false) },
    { $0.plan(.shm, .ping, 1, .pingPong, false) },
    { $0.plan(.shm, .ping, 1, .spinningPingPong, false) },
    { $0.plan(.shm, .open, 4096, .bareOpen, false) },
  ]

  private func plan(
    _ way: ReadWay, _ pattern: ReadPattern, _ size: Int, _ reference: ReadReference, _ sums: Bool,
    inPlace: Bool = false
  ) -> ReadPlan {
    ReadPlan(
      way: way, pattern: pattern, reference: reference, size: size, dataSize: data.bytes,
      threads: threads, isChecked: sums || reference == .preadCRC, isInPlace: inPlace, rate: rate,
      serverCPU: serverCPU, clientCPU: clientCPU)
  }

  func validate() throws {
    guard size.bytes > 0, data.bytes >= size.bytes, threads > 0, rounds > 0 else {
      throw ValidationError(
        "sizes, threads and rounds are at least 1, and the file as large as a read")
    }
    guard durationSeconds != nil else { throw ValidationError("--duration is such as 5s or 500ms") }
    guard !inPlace || path == .shm && pattern != .ping && pattern != .open else {
      throw ValidationError("--in-place is for shm: other ways have no place")
    }
    guard (reference == .bareOpen) == (pattern == .open) || reference == .none else {
      throw ValidationError("--reference bare-open is for --pattern open, which has no other")
    }
    guard reference != .bareOpen || threads == 1 else {
      throw ValidationError("--reference bare-open is for one thread")
    }
    guard pattern != .ping && pattern != .open || path == .shm || path == .uds else {
      throw ValidationError("--pattern \(pattern.rawValue) is for shm and uds")
    }
  }

  private var durationSeconds: Double? {
    let number = Double(duration.prefix { $0.isNumber || $0 == "." })
    let unit = duration.drop { $0.isNumber || $0 == "." }
    let scale: [Substring: Double] = ["s": 1, "": 1, "ms": 0.001, "m": 60]
    guard let number, let factor = scale[unit], number > 0 else { return nil }
    return number * factor
  }

  private func measure(_ plan: ReadPlan, _ machine: Machine) throws -> ReadReport {
    let data = try ReadData(plan)
    // A file that was changed a moment ago is served, but not kept.
    usleep(1_200_000)
    let worker = try start(plan, data)
    let make = try readers(plan, data, worker)
    let checker = try make(0)
    var verified = 0
    for _ in 0..<2 { verified += try verify(checker, plan) }
    let part = (durationSeconds ?? 5) / Double(rounds)
    let pid = worker.process.pid
    var own: [ReadRound] = []
    var references: [ReadRound] = []
    for round in 0..<rounds {
      for step in 0..<2 {
        if (step + round) % 2 == 0 {
          own.append(try ReadRound.run(plan, seconds: part, worker: pid, make))
        } else if let reference = Self.reference(plan, data) {
          references.append(try ReadRound.run(plan, seconds: part, worker: nil, reference))
        }
      }
    }
    verified += try verify(checker, plan)
    guard worker.process.isRunning else {
      throw DriverError.program("the worker died: \(worker.logText)")
    }
    return ReadReport(
      plan: plan, machine: machine, rounds: own, references: references, verifiedBytes: verified)
  }

  /// Compares every block; returns the bytes.
  private func verify(_ reader: any BlockReader, _ plan: ReadPlan) throws -> Int {
    for block in 0..<plan.blockCount where try !reader.verify(block) {
      throw DriverError.program("block \(block) is not what the file has, or came another way")
    }
    return plan.blockCount * plan.size
  }

  private func start(_ plan: ReadPlan, _ data: ReadData) throws -> DaemonProcess {
    return try DaemonProcess(
      try daemon ?? besideThisProgram("penstockd"), ports: .free(),
      options: [
        "--mount", "/bench=file://\(data.folder)", "-Dalluxio.worker.page.store.type=MEM",
        "-Dalluxio.worker.page.store.sizes=\(plan.memorySize)", "-Dalluxio.worker.reactor.count=1",
        "-Dpenstock.worker.page.store.memory.reserve=0",
        "-Dalluxio.worker.data.server.domain.socket.address=\(data.socket)",
        "-Dpenstock.worker.short.circuit.leased.max=\(plan.dataSize + (16 << 20))",
      ], prefix: plan.serverCPU.map { ["taskset", "-c", "\($0)"] } ?? [])
  }

  private func readers(
    _ plan: ReadPlan, _ data: ReadData, _ worker: DaemonProcess
  ) throws -> @Sendable (Int) throws -> any BlockReader {
    let (rest, object) = (worker.ports.rest, worker.ports.object)
    let patience = ["ufs_fallback=false", "retry_budget_ms=2000"]
    let settings =
      switch plan.way {
      case .shm: ["socket=\(data.socket)"]
      case .uds where plan.pattern == .ping: ["socket=\(data.socket)"]
      case .uds: ["socket=\(data.socket)", "leases=false"]
      case .http, .s3: ["workers=127.0.0.1:\(rest)"]
      }
    if plan.way == .s3 {
      return { _ in try ObjectReader(plan, data, port: object) }
    }
    return { _ in try ClientReader(plan, data, settings: settings + patience) }
  }

  private static func reference(
    _ plan: ReadPlan, _ data: ReadData
  ) -> (@Sendable (Int) throws -> any BlockReader)? {
    switch plan.reference {
    case .none: nil
    case .pread, .preadCRC: { _ in try FileReader(plan, data) }
    case .pingPong: { _ in try SocketPingPong(plan, spin: 0) }
    case .bareOpen: { _ in try BareOpen(plan, data) }
    case .spinningPingPong: { _ in try SocketPingPong(plan, spin: ClientOptions().spin) }
    }
  }
}
