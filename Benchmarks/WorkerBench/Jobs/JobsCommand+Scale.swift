// A million small files in one job, by a coordinator alone and by one in the worker's process.

import BenchSupport
import DaemonDriver
import Glibc

extension JobsCommand {
  /// What one run came to.
  private struct Run {
    var rate = 0.0
    var coordinatorPeak = 0
    var coordinatorRise = 0
    var workerPeak = 0
    var coordinatorSeconds = 0.0
    var workerSeconds = 0.0
    var polls = 0
  }

  /// Files that are read back and compared after a run.
  private static let sampleCount = 500

  /// Both shapes, in turns.
  func scale() throws -> [IngestSection] {
    let start = Self.now()
    let tree = try JobTree(count: files, in: folder)
    note("scale: \(files) files made in \(fixed(Double(Self.now() - start) / 1e9, 1)) s")
    var runs: [JobProcesses.Shape: [Run]] = [:]
    for round in 0..<rounds {
      let shapes: [JobProcesses.Shape] = [.apart, .together]
      for shape in round % 2 == 0 ? shapes : shapes.reversed() {
        let run = try load(tree, shape)
        note(
          "scale, \(shape.rawValue): \(fixed(run.rate, 0)) files/s, coordinator's peak"
            + " \(run.coordinatorPeak / 1024) MiB, CPU \(fixed(run.coordinatorSeconds, 1)) s and"
            + " \(fixed(run.workerSeconds, 1)) s")
        runs[shape, default: []].append(run)
      }
    }
    return [
      section(.apart, "coordinator and worker as two processes", runs[.apart] ?? []),
      section(.together, "coordinator in the worker's process", runs[.together] ?? []),
    ]
  }

  private func load(_ tree: JobTree, _ shape: JobProcesses.Shape) throws -> Run {
    // A page of 1 KiB takes a unit of 4 KiB.
    let processes = try JobProcesses(
      daemon, shape, mounts: ["/tree=file://\(tree.path)"],
      settings: memory(tree.count * 4096 * 5 / 4 + (256 << 20)))
    let (coordinator, worker) = (processes.coordinatorID, processes.worker.process.pid)
    let path = "file://\(tree.path)"
    var run = Run()
    let cpu = (ProcessFacts.cpuSeconds(coordinator), ProcessFacts.cpuSeconds(worker))
    let memory = ProcessFacts.kibibytes("VmRSS", of: coordinator)
    let start = Self.now()
    try processes.access.submit(path)
    let end = try processes.access.wait(path, pause: 50_000) { figures in
      run.polls += 1
      guard figures.isExact else { throw DriverError.program("counts are off: \(figures.text)") }
    }
    let wall = Double(Self.now() - start) / 1e9
    guard end.state == "SUCCEEDED", end.listed == tree.count, end.loaded == tree.count,
      end.bytes[1] == tree.count * JobTree.size
    else { throw DriverError.program("the load: \(end.text)") }
    run.rate = Double(tree.count) / wall
    run.coordinatorSeconds = ProcessFacts.cpuSeconds(coordinator) - cpu.0
    run.workerSeconds = ProcessFacts.cpuSeconds(worker) - cpu.1
    run.coordinatorPeak = ProcessFacts.kibibytes("VmHWM", of: coordinator)
    run.coordinatorRise = run.coordinatorPeak - memory
    run.workerPeak = ProcessFacts.kibibytes("VmHWM", of: worker)
    try verify(tree, processes)
    return run
  }

  /// Reads some files back; they come from the cache.
  private func verify(_ tree: JobTree, _ processes: JobProcesses) throws {
    let name = "alluxio_external_data_read_bytes_total"
    let before = try processes.worker.metric(name)
    let connection = try HTTPConnection(port: processes.worker.ports.object, seconds: 60)
    let step = max(1, tree.count / Self.sampleCount)
    for index in stride(from: 0, to: tree.count, by: step) {
      let reply = try connection.request("GET", "/tree/\(JobTree.name(index))")
      guard reply.status == 200, reply.body == JobTree.bytes(index) else {
        throw DriverError.program("\(JobTree.name(index)): \(reply.status), other bytes")
      }
    }
    guard try processes.worker.metric(name) == before else {
      throw DriverError.program("files that were loaded are read from their source")
    }
  }

  private func section(
    _ shape: JobProcesses.Shape, _ what: String, _ runs: [Run]
  ) -> IngestSection {
    func median(_ figure: (Run) -> Double) -> Double { middle(of: runs.map(figure)) }
    func cpu(_ figure: (Run) -> Double) -> String {
      fixed(median(figure) * 1e6 / Double(files), 1)
    }
    var section = IngestSection(
      "\(files) files of 1 KiB in one job, \(what)",
      notes: [
        "files/s of the rounds: \(runs.map { fixed($0.rate, 0) }.joined(separator: ", "))",
        "listed = loaded + skipped + failed + in flight at all of"
          + " \(runs.reduce(0) { $0 + $1.polls }) looks, in files and bytes; \(files) loaded at the end,"
          + " some of them compared",
        "CPU µs/file: worker's process \(cpu(\.workerSeconds))"
          + (shape == .apart ? ", coordinator's \(cpu(\.coordinatorSeconds))" : ""),
        "worker's process at its peak: \(fixed(median { Double($0.workerPeak) } / 1024, 0)) MiB, the pages among it"
          + " (4 KiB each)",
      ])
    section.targets = [IngestTarget(what: "files/s", value: median { $0.rate }, bound: 20_000)]
    if shape == .apart {
      section.targets.append(
        IngestTarget(
          what: "coordinator's peak, MiB",
          value: runs.map { Double($0.coordinatorPeak) / 1024 }.max() ?? .nan,
          bound: 300, isAtLeast: false))
    }
    return section
  }
}
