// `worker-bench clients`: many clients of the domain socket that each hold leases. What do they cost the worker while they rest?

import ArgumentParser
import BenchSupport
import DaemonDriver
import Glibc
import PenstockClient

struct ClientsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clients",
    abstract: "Connects clients that hold leases, and looks what they cost the worker at rest.",
    discussion: """
      Prints memory and CPU time of the worker before the clients, with them, and after them, and fails when a client costs more \
      memory than docs/operations.md says, or when something is left of them.
      """)

  @Option(help: "The daemon's executable; without it, the one beside this program.")
  var daemon: String?
  @Option(help: "Clients, each with a connection of its own.")
  var count = 1000
  @Option(help: "Pages that each leases.")
  var pages = 64
  @Option(
    help: "Seconds of rest that are measured; with --views so long that leases are renewed in them."
  )
  var rest = 15
  @Flag(
    help: "Each client looks at all its pages in place meanwhile, so that its leases are renewed.")
  var views = false
  @Flag(help: "Print the figures as JSON.")
  var json = false

  /// What docs/operations.md promises.
  static func bytesPerClientMax(pages: Int) -> Int { 20 << 10 + 130 * pages }

  func run() throws {
    try raiseDescriptorLimit(to: 4 * count + 200)
    let data = try ScratchDirectory("clients", in: "/dev/shm")
    try makeDirectories(data.path("data"))
    let size = pages << 20
    try writeBytes([UInt8](repeating: 7, count: size), to: data.path("data/file"))
    let worker = try DaemonProcess(
      try daemon ?? besideThisProgram("penstockd"), ports: .free(),
      options: [
        "--mount", "/bench=file://\(data.path("data"))", "-Dalluxio.worker.page.store.type=MEM",
        "-Dalluxio.worker.page.store.sizes=\(max(1 << 30, 8 * size))",
        "-Dpenstock.worker.page.store.memory.reserve=0",
        "-Dalluxio.worker.data.server.domain.socket.address=\(data.path("s"))",
        "-Dpenstock.worker.short.circuit.leased.max=\(2 * size)",
        "-Dpenstock.worker.short.circuit.user.connections.max=\(count + 8)",
        "-Dpenstock.worker.short.circuit.connections.max=\(count + 8)",
      ])
    // A file that was changed a moment ago is served, but not kept.
    usleep(1_200_000)
    // The first client brings the file into memory, and with it what stays.
    try warm(data.path("s"), size)
    var phases = [try measure(worker, "before")]
    var clients: [(Client, ClientFile)] = []
    clients.reserveCapacity(count)
    var shown: [View] = []
    let start = ReadRound.ticks()
    for _ in 0..<count { clients.append(try connect(data.path("s"), size)) }
    let connecting = Double(ReadRound.ticks() - start) / 1e9 / Double(count)
    if views {
      for (_, file) in clients {
        for page in 0..<pages { shown.append(try file.view(1, at: page << 20)) }
      }
    }
    phases.append(try measure(worker, "with them"))
    let held = try worker.metric("penstock_short_circuit_leases") ?? 0
    let renewals =
      try worker.metric(
        "penstock_short_circuit_requests_total", "kind=\"renew\"") ?? 0
    let lost = shown.count { !$0.close() }
    guard lost == 0 else { throw DriverError.program("\(lost) views ended while they were open") }
    shown = []
    for (client, _) in clients { client.close() }
    clients = []
    try waitForNobody(worker)
    phases.append(try measure(worker, "after them"))
    try report(phases, held: held, renewals: renewals, connecting: connecting)
  }

  private func connect(_ socket: String, _ size: Int) throws -> (Client, ClientFile) {
    let client = try Client(
      try ClientOptions(["socket=\(socket)", "ufs_fallback=false", "leases_max=1024"]))
    let file = try client.open("/bench/file")
    try file.readAhead(size, at: 0)
    return (client, file)
  }

  private func warm(_ socket: String, _ size: Int) throws {
    let (client, file) = try connect(socket, size)
    file.close()
    client.close()
  }

  private struct Phase {
    let name: String
    let residentKiB: Int
    let anonymousKiB: Int
    let cpuShare: Double
  }

  private func measure(_ worker: DaemonProcess, _ name: String) throws -> Phase {
    usleep(500_000)
    let pid = worker.process.pid
    let before = Self.cpuSeconds(pid)
    usleep(useconds_t(rest) * 1_000_000)
    return Phase(
      name: name, residentKiB: ProcessFacts.kibibytes("VmRSS", of: pid),
      anonymousKiB: ProcessFacts.kibibytes("RssAnon", of: pid),
      cpuShare: (Self.cpuSeconds(pid) - before) / Double(rest))
  }

  /// CPU seconds of a process's threads to the nanosecond: ticks of 10 ms are as much as a rest costs.
  private static func cpuSeconds(_ pid: pid_t) -> Double {
    guard let folder = unsafe opendir("/proc/\(pid)/task") else { return 0 }
    defer { unsafe closedir(folder) }
    var sum = 0.0
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard Int32(name) != nil,
        let text = try? readText("/proc/\(pid)/task/\(name)/schedstat"),
        let spent = text.split(separator: " ").first.flatMap({ Double($0) })
      else { continue }
      sum += spent / 1e9
    }
    return sum
  }

  private func waitForNobody(_ worker: DaemonProcess) throws {
    for _ in 0..<1000 where try worker.metric("penstock_short_circuit_leases") != 0 {
      usleep(10_000)
    }
  }

  private func report(_ phases: [Phase], held: Double, renewals: Double, connecting: Double)
    throws
  {
    let growth = (phases[1].residentKiB - phases[0].residentKiB) << 10
    let perClient = growth / max(1, count)
    let allowed = Self.bytesPerClientMax(pages: pages)
    if json {
      let members =
        phases.enumerated().flatMap { index, phase in
          [
            ("rssKiB\(index)", Double(phase.residentKiB)),
            ("anonymousKiB\(index)", Double(phase.anonymousKiB)), ("cpu\(index)", phase.cpuShare),
          ]
        } + [
          ("clients", Double(count)), ("pages", Double(pages)), ("leases", held),
          ("renewals", renewals),
          ("bytesPerClient", Double(perClient)), ("bytesPerClientMax", Double(allowed)),
          ("secondsPerClient", connecting),
        ]
      print(
        "{\(members.map { "\(jsonText($0.0)):\(jsonNumber($0.1))" }.joined(separator: ","))}")
    } else {
      print("| \(count) clients, \(pages) pages each | RSS MiB | of it anonymous | CPU at rest |")
      print("|---|---|---|---|")
      for phase in phases {
        let cells = [
          phase.name, fixed(Double(phase.residentKiB) / 1024, 1),
          fixed(Double(phase.anonymousKiB) / 1024, 1), "\(fixed(100 * phase.cpuShare, 2)) %",
        ]
        print("| \(cells.joined(separator: " | ")) |")
      }
      print(
        "\nleases held: \(fixed(held, 0)), renewed with \(fixed(renewals, 0)) requests; \(perClient) bytes a client of \(allowed) allowed;"
          + " \(fixed(connecting * 1e6, 0)) µs to connect one and lease its pages")
    }
    guard held == Double(count * pages) else {
      throw DriverError.program("\(held) leases are held instead of \(count * pages)")
    }
    guard perClient <= allowed else { throw DriverError.program("a client costs too much") }
  }

  private func raiseDescriptorLimit(to count: Int) throws {
    var limit = rlimit()
    unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_max = max(limit.rlim_max, rlim_t(count))
    limit.rlim_cur = limit.rlim_max
    guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      throw DriverError.program("cannot open \(count) descriptors: raise `ulimit -Hn`")
    }
  }
}
