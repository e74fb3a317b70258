// What the store's tiers need while the worker runs: their pages read from the logs at start, moved, verified and evicted
// in the background, and an eye on each volume's health.
//
//   a thread per volume    restore, presence        (calls that block)
//   a task per volume      joining, presence, age of I/O, transitions ▶ log;   another: probes
//   tasks on every ring    savers;  on the first ring of a node: promoter;  on the first ring: reclaimer, scrubber
//
// The last ones start when all volumes are restored that were there at the start.

import Glibc
import Logging
import PageStore
import Ring
import Synchronization

/// The recurring work of tiers and volumes.
final class TierKeeper: Sendable {
  /// How often a volume is looked at.
  static let tick = Duration.milliseconds(250)
  /// How long tasks that were told to end may take beyond the time to stop.
  private static let grace = Duration.milliseconds(500)

  let store: PageStore
  let volumes: [OpenedVolume]
  let opener: VolumeOpener
  let requiresTiers: Bool
  private let writeCountMax: Int
  let log: Logger
  private let pool: BlockingPool?
  private let tasks = Mutex<[Task<Void, Never>]>([])
  /// Volumes whose pages are not entered yet, and whether the work is ending.
  private let progress: Mutex<(restoring: Int, isStopping: Bool)>
  /// Waits for memory that were seen.
  let shortageCount = Mutex(0)
  let shortageLimit = LineLimit(interval: 60_000_000_000)
  let corruptionLimit = LineLimit(interval: 30_000_000_000)
  let stateLimit = LineLimit(interval: 300_000_000_000)
  /// Tasks that have not ended.
  private let runningCount = Atomic<Int>(0)

  /// A keeper of `tiers`.
  ///
  /// - Throws: `.system` when its threads cannot be started.
  init(
    _ tiers: OpenedTiers, _ settings: WorkerSettings, log: Logger = Logger(label: "tiers")
  ) throws(StartError) {
    self.log = log
    store = tiers.store
    volumes = tiers.volumes
    opener = tiers.opener
    progress = Mutex((tiers.volumes.count { $0.file != nil }, false))
    requiresTiers = settings.tiers.upkeep.requiresTiers
    writeCountMax = settings.pageWriteCountMax
    guard !volumes.isEmpty else {
      pool = nil
      return
    }
    do throws(RingError) {
      pool = try BlockingPool(
        name: "volumes", threads: tiers.volumes.count)
    } catch {
      throw StartError(.system, "threads cannot be started: \(error.sentence)")
    }
  }

  /// Why the worker is not ready, in one line; nil when it is.
  var complaint: String? {
    guard requiresTiers else { return nil }
    return volumes.first { $0.health.state == .faulted }.map {
      "volume \($0.path) is FAULTED: \($0.health.reason)"
    }
  }

  /// True when the store has the pages of earlier lives, but for those on volumes that cannot be opened.
  var isRestored: Bool { volumes.allSatisfy { $0.restoration != .underWay } }

  // MARK: Life

  /// Starts the work: on `reactors` what readers may wait for, on `movers` the rest; `naming` knows the files for the log.
  ///
  /// Volumes are watched and pages written behind on `reactors`; pages are promoted, handed down and scrubbed on `movers`.
  func start(
    on reactors: [Reactor], movers: [Reactor], naming: @escaping Naming = { _ in nil }
  ) {
    guard let pool else { return }
    var started: [Task<Void, Never>] = []
    for (index, volume) in volumes.enumerated() {
      let reactor = reactors[index % reactors.count]
      started.append(
        task(on: reactor) {
          await self.keep(volume, pool, on: reactor) { self.startMoving(on: reactors, movers) }
        })
      started.append(task(on: reactor) { await self.probe(volume, on: reactor) })
    }
    started.append(task(on: reactors[0]) { await self.watchStore(on: reactors[0], naming) })
    let isWithoutVolumes = progress.withLock { $0.restoring == 0 }
    tasks.withLock { $0 += started }
    if isWithoutVolumes { startMoving(on: reactors, movers, isLast: true) }
  }

  /// Starts what moves pages once every volume has its own, but for those that are waited for: a page that finds no volume
  /// would never be written.
  private func startMoving(
    on reactors: [Reactor], _ movers: [Reactor], isLast: Bool = false
  ) {
    let isDue = progress.withLock { progress in
      if !isLast { progress.restoring -= 1 }
      return progress.restoring == 0 && !progress.isStopping
    }
    guard isDue else { return }
    var started: [Task<Void, Never>] = []
    var nodes: Set<Int> = []
    for reactor in reactors {
      for _ in 0..<max(1, writeCountMax / reactors.count) {
        started.append(task(on: reactor) { [store] in await store.runSaver() })
      }
    }
    for reactor in movers {
      guard nodes.insert(reactor.node).inserted else { continue }
      started.append(
        task(on: reactor) { [store] in
          await store.runPromoter(node: reactor.node) { await Self.sleep($0, on: reactor) }
        })
    }
    let first = movers[0]
    started.append(
      task(on: first) { [store] in
        await store.runReclaimer { await Self.sleep($0, on: first) }
      })
    started.append(
      task(on: first) { [store] in
        await store.runScrubber { await Self.sleep($0, on: first) }
      })
    tasks.withLock { $0 += started }
  }

  private func task(
    on reactor: Reactor, _ body: @escaping @Sendable () async -> Void
  ) -> Task<Void, Never> {
    runningCount.add(1, ordering: .relaxed)
    return Task(executorPreference: reactor) {
      await body()
      self.runningCount.subtract(1, ordering: .releasing)
    }
  }

  /// Ends the work and makes what was saved durable; returns when nothing of it runs, or at `deadline` (the reactor's
  /// nanoseconds) and a moment.
  ///
  /// Pages that are in memory only are written first: what was cached is there at the next start. What a disk has not
  /// answered by then is left.
  func stop(by deadline: UInt64, on reactor: Reactor) async {
    guard pool != nil else { return }
    let gate = StopGate()
    let timer = Task(executorPreference: reactor) { [store] in
      let left = Int64(clamping: deadline > reactor.now ? deadline - reactor.now : 0)
      guard await reactor.sleep(for: .nanoseconds(left)) else { return }
      store.stopBackground()
      store.abandonDisks()
      if await reactor.sleep(for: Self.grace) { gate.open() }
    }
    // While a volume is being restored nobody writes, and waiting would be for nothing.
    if progress.withLock({ $0.restoring == 0 }) { await store.waitUntilSaved() }
    progress.withLock { $0.isStopping = true }
    store.stopBackground()
    _ = Task(executorPreference: reactor) {
      await self.endTasks()
      gate.open()
    }
    await gate.wait()
    await store.flush()
    timer.cancel()
  }

  private func endTasks() async {
    // Volumes first: the last of them to be restored may add to the others a moment before it sees the end.
    for _ in 0..<2 {
      let all = tasks.withLock { tasks in
        defer { tasks = [] }
        return tasks
      }
      all.forEach { $0.cancel() }
      for task in all { await task.value }
    }
  }

  /// Closes the volumes; blocks.
  ///
  /// After `stop`, while the reactors run. Returns the volumes that do not answer: they are left as they are, and neither
  /// the reactors nor the process's other threads can be waited for.
  func close() -> [String] {
    guard let pool else { return [] }
    let now = monotonicNow()
    let isEnded = runningCount.load(ordering: .acquiring) == 0
    let stuck = volumes.filter {
      $0.disk.isStuck || $0.presence.age(now: now) != nil
        || !isEnded && ($0.restoration == .underWay || $0.opening != nil)
        || $0.opening.map { $0.result == nil } ?? false
    }
    store.closeDisks()
    for volume in volumes where !stuck.contains(where: { $0 === volume }) {
      volume.file?.close()
      // It came when nobody wanted it any more.
      if case .success(let file) = volume.opening?.result { file.close() }
    }
    guard stuck.isEmpty, isEnded else {
      return stuck.isEmpty ? volumes.map(\.path) : stuck.map(\.path)
    }
    pool.stop()
    return []
  }

  private static func sleep(_ nanoseconds: UInt64, on reactor: Reactor) async {
    await reactor.sleep(for: .nanoseconds(Int64(clamping: nanoseconds)))
  }

  // MARK: Volumes

  private func probe(_ volume: OpenedVolume, on reactor: Reactor) async {
    while await reactor.sleep(for: Self.tick) {
      guard volume.restoration == .done || volume.restoration == .partial,
        volume.presence.age(now: monotonicNow()) == nil
      else { continue }
      await volume.disk.probeIfDue(isPresent: volume.presence.isThere)
    }
  }

  /// Enters what the volume's log remembers.
  func restore(_ volume: OpenedVolume, _ pool: BlockingPool) async {
    let clock = ContinuousClock()
    let start = clock.now
    let result = await pool.run { [store] in store.restore(disk: volume.position) }
    volume.restored(isWhole: result.failure == nil)
    let metadata: Logger.Metadata = [
      "volume": "\(volume.path)", "tier": "\(volume.tier)", "pages": "\(result.pages)",
      "outdated": "\(result.dropped)",
      "ms": "\(Int64(clamping: start.duration(to: clock.now).nanoseconds / 1_000_000))",
    ]
    if let failure = result.failure {
      log.warning(
        "a volume's log could not be read to its end, the pages not read are given up: \(failure.sentence)",
        metadata: metadata)
    } else {
      log.notice("volume restored", metadata: metadata)
    }
  }
}
