// What a load at full speed costs those who read what is cached: the same readers alone, beside it, and beside a stranger that takes
// as much of the CPU as the load did, in turns. Beside the stranger readers wait because the CPU is taken; what they wait longer beside
// the load is our doing.
//
//   CPU 0   penstockd: one ring, the coordinator in the same process, and all its threads; or the stranger with it
//   CPU 1   the readers

import BenchSupport
import DaemonDriver
import Glibc

extension JobsCommand {
  /// What is loaded meanwhile.
  private struct Burden {
    let name: String
    let mount: String
    let path: String
  }

  /// What the readers saw in one phase.
  private struct Phase {
    var p50 = 0.0
    var p99 = 0.0
    var rate = 0.0
    /// CPU that the daemon took, in CPUs.
    var cpu = 0.0
    /// Bytes and files loaded a second meanwhile.
    var loaded = (files: 0.0, bytes: 0.0)
  }

  private static let hotCount = 64
  private static let hotSize = 64 << 10
  private static let readerCount = 8

  /// Paced readers, and as many as one CPU can serve, beside loads of small files and of large ones.
  func reads() throws -> [IngestSection] {
    let tree = try JobTree(count: min(files, 300_000), in: folder)
    let scratch = try ScratchDirectory("reads", in: folder)
    try fill(scratch)
    let burdens = [
      Burden(name: "files of 1 KiB", mount: "/small", path: tree.path),
      Burden(name: "files of 64 MiB", mount: "/large", path: scratch.path("large")),
    ]
    let processes = try JobProcesses(
      daemon, .together,
      mounts: ["/hot=file://\(scratch.path("hot"))"]
        + burdens.map { "\($0.mount)=file://\($0.path)" },
      settings: memory(4 << 30) + ["-Dalluxio.worker.reactor.count=1"],
      prefix: ["taskset", "-c", "0"])
    var sections: [IngestSection] = []
    for burden in burdens {
      sections.append(try compare(burden, "paced", processes) { try paced(processes) })
      sections.append(try compare(burden, "saturating", processes) { try saturating(processes) })
    }
    return sections
  }

  private func fill(_ scratch: ScratchDirectory) throws(DriverError) {
    try makeDirectories(scratch.path("hot"))
    for index in 0..<Self.hotCount {
      try writeBytes(
        [UInt8](repeating: UInt8(index), count: Self.hotSize), to: scratch.path("hot/\(index)"))
    }
    try makeDirectories(scratch.path("large"))
    let large = [UInt8](repeating: 7, count: 64 << 20)
    for index in 0..<32 { try writeBytes(large, to: scratch.path("large/\(index)")) }
  }

  /// The phases of one kind of reading, alone and beside a load, in turns.
  private func compare(
    _ burden: Burden, _ kind: String, _ processes: JobProcesses,
    _ read: () throws -> (times: (p50: Double, p99: Double), rate: Double)
  ) throws -> IngestSection {
    _ = try read()
    var (alone, beside, burdened): ([Phase], [Phase], [Phase]) = ([], [], [])
    for _ in 0..<rounds {
      try processes.access.free(burden.mount)
      alone.append(try phase(processes, read))
      let load = try LoadKeeper(burden.mount, "file://\(burden.path)", processes.access)
      beside.append(try phase(processes, read))
      beside[beside.count - 1].loaded = try load.stop()
      try processes.access.free(burden.mount)
      let share = (beside.last?.cpu ?? 0) - (alone.last?.cpu ?? 0)
      let burner = CPUBurner(share: share, cpu: 0)
      defer { burner.stop() }
      burdened.append(try phase(processes, read))
      note(
        "reads, \(kind), \(burden.name): p99 \(fixed(alone.last?.p99 ?? .nan, 3)) ms alone,"
          + " \(fixed(beside.last?.p99 ?? .nan, 3)) ms beside a load of"
          + " \(fixed(beside.last?.loaded.files ?? .nan, 0)) files/s,"
          + " \(fixed((beside.last?.loaded.bytes ?? .nan) / 1048576, 0)) MiB/s,"
          + " \(fixed(burdened.last?.p99 ?? .nan, 3)) ms beside a stranger that takes"
          + " \(fixed(share * 100, 0)) % of the CPU")
    }
    return section(burden, kind, alone, beside, burdened)
  }

  private func phase(
    _ processes: JobProcesses,
    _ read: () throws -> (times: (p50: Double, p99: Double), rate: Double)
  ) throws -> Phase {
    let (start, cpu) = (Self.now(), ProcessFacts.cpuSeconds(processes.worker.process.pid))
    let found = try read()
    let spent = ProcessFacts.cpuSeconds(processes.worker.process.pid) - cpu
    var phase = Phase(p50: found.times.p50, p99: found.times.p99, rate: found.rate)
    phase.cpu = spent * 1e9 / Double(Self.now() - start)
    return phase
  }

  private var targets: [String] { (0..<Self.hotCount).map { "/hot/\($0)" } }

  /// 800 requests/s.
  private func paced(
    _ processes: JobProcesses
  ) throws -> (times: (p50: Double, p99: Double), rate: Double) {
    let readers = PacedReaders(
      count: Self.readerCount, port: processes.worker.ports.object, targets: targets,
      interval: 10_000_000, cpu: 1)
    usleep(useconds_t(seconds * 1_000_000))
    let times = try readers.stop()
    return (
      (middle(of: times), Self.quantile(0.99, of: times)), Double(times.count) / Double(seconds)
    )
  }

  /// As many as one CPU can serve.
  private func saturating(
    _ processes: JobProcesses
  ) throws -> (times: (p50: Double, p99: Double), rate: Double) {
    let run = try WrkRun(
      url: "http://127.0.0.1:\(processes.worker.ports.object)/hot/1", connections: 16,
      seconds: seconds, cpu: 1)
    return ((.nan, run.p99), run.requestRate)
  }

  private func section(
    _ burden: Burden, _ kind: String, _ alone: [Phase], _ beside: [Phase],
    _ burdened: [Phase]
  ) -> IngestSection {
    func medians(_ phases: [Phase], _ figure: (Phase) -> Double) -> Double {
      middle(of: phases.map(figure))
    }
    let ratio = middle(of: zip(beside, alone).map { $0.p99 / $1.p99 })
    var section = IngestSection(
      "Warm reads of 64 KiB beside a load of \(burden.name), \(kind)",
      notes: [
        "p99 \(fixed(medians(alone, \.p99), 3)) ms alone, \(fixed(medians(beside, \.p99), 3)) ms beside the load;"
          + " median \(fixed(medians(alone, \.p50), 3)) and \(fixed(medians(beside, \.p50), 3)) ms",
        "\(fixed(medians(alone, \.rate), 0)) and \(fixed(medians(beside, \.rate), 0)) requests/s",
        "beside a stranger that takes as much of the CPU as the load: p99"
          + " \(fixed(medians(burdened, \.p99), 3)) ms, \(fixed(medians(burdened, \.rate), 0)) requests/s;"
          + " the load's is \(fixed(middle(of: zip(beside, burdened).map { $0.p99 / $1.p99 }), 2)) of it",
        "CPU of the daemon: \(fixed(medians(alone, \.cpu) * 100, 0)) % alone,"
          + " \(fixed(medians(beside, \.cpu) * 100, 0)) % beside the load",
        "loaded meanwhile: \(fixed(medians(beside) { $0.loaded.files }, 0)) files/s,"
          + " \(fixed(medians(beside) { $0.loaded.bytes } / 1048576, 0)) MiB/s",
        "daemon and coordinator alone on CPU 0 with one ring, readers on CPU 1;"
          + " \(alone.count) rounds of \(seconds) s in turns, ratios are medians of the rounds' own",
      ])
    section.targets = [
      IngestTarget(what: "p99 beside ÷ alone", value: ratio, bound: 1.1, isAtLeast: false)
    ]
    return section
  }
}
