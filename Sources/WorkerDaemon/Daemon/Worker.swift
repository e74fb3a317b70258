// A running worker: everything made in order, everything ended in the opposite one.
//
//   work directory · ports probed · memory ▶ mounts ▶ volumes ▶ page store ▶ rules ▶ rings ▶ read path ▶ load jobs ▶ ports ▶ ready
//   stop: ports drain ▶ load jobs stop ▶ rules rest ▶ tiers rest ▶ volumes close ▶ rings stop ▶ threads join

import HTTPWire
package import Logging
import Model
import PageStore
package import Ring
import Synchronization
import UFS

/// A worker that serves until it is stopped.
package final class Worker: Sendable {
  /// Threads for calls that have no ring operation.
  private static let blockingThreadCount = 4
  /// Time that clients of the domain socket have to give their leases back when the worker stops.
  private static let localStopLimit = Duration.milliseconds(500)

  let settings: WorkerSettings
  private let log: Logger
  private let work: WorkDirectory
  let parts: WorkerParts
  private let ports: WorkerPorts
  private let link: CoordinatorLink?
  private let startedAt: ContinuousClock.Instant

  /// Starts a worker; when this returns, it serves.
  ///
  /// - Throws: `.directory`, `.configuration`, `.port` or `.system`, with one line for the operator.
  package init(
    _ settings: WorkerSettings, machine: MachineMemory, log: Logger
  ) throws(StartError) {
    startedAt = .now
    self.settings = settings
    self.log = log
    ProcessState.raiseDescriptorLimit()
    try Self.checkMemory(settings, machine)
    work = try WorkDirectory(settings.workDirectory)
    try WorkerPorts.probe(settings.endpoints)
    if let root = settings.defaultRoot { try WorkDirectory.make(root) }
    parts = try WorkerParts(settings, blockingThreadCount: Self.blockingThreadCount)
    for complaint in parts.complaints { log.error("\(complaint)") }
    for warning in parts.tierWarnings { log.warning("\(warning)") }
    for note in parts.tierNotes { log.info("\(note)") }
    do throws(StartError) {
      ports = try WorkerPorts(settings, parts)
    } catch {
      if parts.tiers.close().isEmpty {
        parts.group.stop()
        parts.pool.stop()
        parts.files.policies.calls.stop()
      }
      throw error
    }
    link = try Self.join(settings, parts, ports)
    parts.tiers.start(on: parts.serving, movers: parts.loading) {
      [policies = parts.files.policies] file in
      await policies.calls.ask { policies.catalog.entry(of: file)?.path }.value ?? nil
    }
    parts.memory.start(on: parts.pool)
    parts.keeper.start(on: parts.serving[0]) { [parts] in
      parts.tiers.isRestored && parts.memory.isLoaded
    }
    parts.preparer.start(on: parts.serving[0])
    MountCheck(parts.files.mounts.mounts, log: log).start(on: parts.serving[0])
  }

  /// Joins the coordinator of another process, if one is named and none is to run here.
  private static func join(
    _ settings: WorkerSettings, _ parts: WorkerParts, _ ports: WorkerPorts
  ) throws(StartError) -> CoordinatorLink? {
    guard let options = settings.link, !settings.hasCoordinator else { return nil }
    do throws(StartError) {
      var options = options
      options.domainSocket = ports.shortCircuit?.place.path ?? ""
      if case .ip(_, let port)? = ports.servers.first(where: { $0.name == "rest" })?.server.address
      {
        options.restPort = port
      }
      let worker = CoordinatorLink.Subject(
        reactors: parts.serving, tasks: parts.tasks, inventory: parts.inventory, pins: parts.pins)
      return try CoordinatorLink(options, id: try WorkerUUID.read(settings), worker)
    } catch {
      parts.serving[0].wait {
        for port in ports.servers { await port.server.drain(within: .zero) }
        await ports.shortCircuit?.stop(within: .zero)
      }
      if parts.tiers.close().isEmpty {
        parts.group.stop()
        parts.pool.stop()
        parts.files.policies.calls.stop()
      }
      throw error
    }
  }

  private static func checkMemory(
    _ settings: WorkerSettings, _ machine: MachineMemory
  ) throws(StartError) {
    let tiers = settings.tiers
    let index = TierPlan.indexSize(of: tiers.disks, pageSize: settings.pageSize)
    let keepsPages = !tiers.disks.isEmpty || !settings.memorySaveDirectory.isEmpty
    let catalog = keepsPages ? Int64(clamping: settings.policies.metastore.cacheSize) : 0
    let overhead = settings.overhead
    let needed = TierPlan.sum(
      TierPlan.sum(tiers.memory, overhead), TierPlan.sum(index, catalog))
    guard needed <= machine.bytes else {
      // What takes the most is what to lower.
      if let disk = tiers.disks.first, index > tiers.memory {
        throw StartError(
          .configuration,
          "\(disk.quotaKey) asks for \(SizeText.print(tiers.disks.reduce(0) { TierPlan.sum($0, $1.quota) })) on disks, whose index takes \(SizeText.print(index)) of memory; with \(SizeText.print(tiers.memory)) of pages (\(tiers.memoryKey)) and \(SizeText.print(TierPlan.sum(overhead, catalog))) for the daemon that exceeds \(machine.limit), \(SizeText.print(machine.bytes)): lower the key, raise \(Configuration.SizeKey.pageSize.rawValue), or raise the limit"
        )
      }
      let disks =
        index > 0
        ? ", \(SizeText.print(index)) for the index of its disks and \(SizeText.print(catalog)) for the"
          + " catalog (\(Configuration.SizeKey.metastoreCacheSize.rawValue))" : ""
      throw StartError(
        .configuration,
        "\(tiers.memoryKey) asks for \(SizeText.print(tiers.memory)) of pages; with \(SizeText.print(overhead)) for the daemon\(disks) that exceeds \(machine.limit), \(SizeText.print(machine.bytes)): lower the key or raise the limit"
      )
    }
  }

  /// Where the port named `rest`, `objects` or `operations` listens; nil when it is off.
  package func address(of name: String) -> SocketAddress? {
    ports.servers.first { $0.name == name }?.server.address
  }

  /// From now on /readyz may say so; the process obeys signals.
  package func becomeReady() { parts.isStarted.store(true, ordering: .relaxed) }

  /// Logs that the worker serves: where, what, with how much memory.
  package func logReady() {
    var metadata: Logger.Metadata = [
      "rings": "\(settings.ringCount)",
      "pages": "\(SizeText.print(Int64(parts.store.capacity)))",
      "overhead": "\(SizeText.print(settings.overhead))",
      "mounts":
        "\(parts.files.mounts.mounts.map { "\($0.alluxioPath)=\($0.uri)" }.joined(separator: " "))",
      "ready_ms": "\(milliseconds(startedAt.duration(to: .now)))",
    ]
    for server in ports.servers { metadata[server.name] = "\(server.server.address)" }
    if let local = ports.shortCircuit { metadata["domain_socket"] = "\(local.place.path)" }
    if case .notReady(let reason) = parts.readiness {
      log.warning("worker serves, but /readyz is 503: \(reason)", metadata: metadata)
    } else {
      log.notice("worker ready", metadata: metadata)
    }
  }

  /// How long `stop` may take.
  package var stopLimit: Duration { settings.shutdownTimeout }

  /// Drains and stops within the configured time: no new connections, requests in flight end, unsaved pages are written,
  /// then everything goes.
  ///
  /// Returns false when a disk or a job did not answer until then: threads hang in the kernel, and the process is to end without
  /// waiting for them.
  package func stop() -> Bool {
    log.notice("stopping", metadata: ["deadline_ms": "\(milliseconds(settings.shutdownTimeout))"])
    parts.isDraining.store(true, ordering: .sequentiallyConsistent)
    let first = parts.serving[0]
    let budget = StopBudget(settings.shutdownTimeout, from: monotonicNow())
    let (cut, busy) = first.wait { [ports, parts, link] () async -> (Int, [String]) in
      let cut = await withTaskGroup(of: Int.self) { group in
        for port in ports.serving {
          group.addTask { await port.server.drain(within: budget.drain) }
        }
        group.addTask {
          await ports.shortCircuit?.stop(within: min(Self.localStopLimit, budget.drain))
          return 0
        }
        return await group.reduce(0, +)
      }
      parts.flow.close()
      _ = await StopGate.wait(until: budget.work, on: first) {
        await parts.preparer.stop()
        await link?.leave()
      }
      var busy: [String] = []
      let areJobsOver = await StopGate.wait(until: budget.work, on: first) {
        await parts.jobs.stopAll()
        await parts.tasks.stop()
        await link?.stop(within: .seconds(1))
        await parts.pins.stop()
      }
      if !areJobsOver { busy.append("load jobs") }
      let isKeeperOver = await parts.keeper.stop(by: budget.work, on: first)
      if !isKeeperOver { busy.append("the catalog") }
      await parts.tiers.stop(by: budget.deadline, on: first)
      let isMemorySaved = await StopGate.wait(until: budget.closing, on: first) {
        await parts.pool.run { parts.memory.save(until: budget.deadline) }
      }
      if !isMemorySaved { busy.append("the directory for memory") }
      let isCatalogClosed = await parts.files.policies.close(by: budget.closing, on: first)
      if !isCatalogClosed, !busy.contains("the catalog") { busy.append("the catalog") }
      // Last: until here /readyz says 503, and /metrics can be scraped.
      return (cut + (await ports.operations.server.drain(within: .seconds(1))), busy)
    }
    let stuck = parts.tiers.close() + busy
    if stuck.isEmpty {
      link?.close()
      parts.group.stop()
      parts.pool.stop()
      parts.files.policies.calls.stop()
    } else {
      log.warning(
        "these do not answer and are left as they are: \(stuck.joined(separator: ", "))")
    }
    let requests = ports.servers.reduce(0) { $0 + $1.server.statistics.requests }
    log.notice(
      "stopped", metadata: ["requests": "\(requests)", "connections_cut": "\(cut)"])
    return stuck.isEmpty
  }

  private func milliseconds(_ duration: Duration) -> Int64 {
    Int64(clamping: duration.nanoseconds / 1_000_000)
  }
}
