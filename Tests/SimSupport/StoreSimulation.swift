// The real page store under a random load, on simulated devices, in virtual time, with everything drawn from one seed.
//
//   seed ─▶ plan: sizes, faults, tasks, lives
//   life ─▶ open, tasks run in random order, end: planned or by loss of power at a random step ─▶ the next life
//
// Oracles: every byte served is the source's byte of that version (the rule above all); used ≤ quota after each step; the
// store's own account agrees with itself, and with the logs after a planned end; one filler for each page; every task ends;
// an honest device is never found wrong; at the end everything can be given back. Disks are taken out of a running store
// and put back, too.

import Model
import PageStore

/// One simulation; made for one seed, run once.
package final class StoreSimulation: @unchecked Sendable {
  // SAFETY (unchecked): confined to the thread that calls `run`.

  let seed: UInt64
  /// The bug that is planted, for tests of the simulation.
  let canary: SimCanary?
  let plan: SimPlan
  let executor: SimExecutor
  let ufs: SimUFS
  let disks: [SimDisk]
  var random: SimRandom
  var report: SimReport
  /// The store of this life; nil between lives.
  var life: StoreLife?
  /// Tasks of the load that have not ended.
  var workers = 0
  /// Pages that someone fills right now: two fillers of one page are a failure.
  var filling: Set<PageKey> = []
  /// Pages of pinned files that were seen; on honest devices they stay.
  var pinned: [PageKey] = []
  /// Leases that a planted bug keeps.
  var kept: [KeptLease] = []
  /// True when tasks are to come to their ends.
  var isEnding = false
  /// True when the background tasks are to end too.
  var isStopped = false
  /// True once what the disks remember was entered, in this life, and from the loss of power on.
  var isRestored = false
  var isPowerLost = false

  /// The simulation of `seed`; `onEvent` gets a line for each event.
  package init(seed: UInt64, canary: SimCanary? = nil, onEvent: ((String) -> Void)? = nil) {
    self.seed = seed
    self.canary = canary
    var random = SimRandom(seed: seed)
    let plan = SimPlan(&random, canary: canary)
    self.plan = plan
    executor = SimExecutor(random: random.fork(), isShuffled: plan.isShuffled)
    ufs = SimUFS(count: plan.fileCount, lengthMax: plan.fileLengthMax, random: random.fork())
    ufs.errorRate = plan.ufsErrorRate
    disks = plan.disks.enumerated().map { number, disk in
      SimDisk(number, disk, pageSize: plan.pageSize, seed: seed)
    }
    self.random = random
    report = SimReport(seed: seed)
    if canary == .lostWakeup { executor.lostTimerRate = 500 }
    if let onEvent { executor.trace.onEvent = { onEvent($0.text) } }
  }

  /// Runs it; called once.
  package func run() -> SimReport {
    for number in 0..<plan.lives where report.failures.isEmpty { live(number) }
    report.hash = executor.trace.hash
    report.counts["steps"] = executor.steps
    if !report.failures.isEmpty { report.events = executor.trace.last(60).map(\.text) }
    return report
  }

  /// Notes that something is wrong; the simulation ends soon after.
  func fail(_ sentence: @autoclosure () -> String) {
    report.failures.append("at \(executor.now / 1000) us, step \(executor.steps): \(sentence())")
    isEnding = true
  }

  /// Counts something that happened.
  func count(_ name: String, _ more: Int = 1) { report.counts[name, default: 0] += more }

  // MARK: Lives

  private func live(_ number: Int) {
    executor.trace.record("life", at: executor.now, number)
    (isEnding, isStopped) = (false, false)
    (isRestored, isPowerLost) = (false, false)
    do { life = try StoreLife(self) } catch { return fail("the store does not open: \(error)") }
    let leases = runLife(isLast: number == plan.lives - 1)
    // The store goes here; leases stay.
    life = nil
    checkLingering(leases)
    pinned = []
    disks.forEach { $0.leave() }
  }

  /// Runs the store of this life to its end; returns leases that are to outlive it.
  private func runLife(isLast: Bool) -> [KeptLease] {
    guard let store = life?.store else { return [] }
    let isLate = random.chance(plan.lateRate)
    if !isLate { restore() }
    executor.afterStep = { [unowned self] in audit() }
    startBackground(store)
    startTasks()
    if isLate { startLateRestore() }
    let isCrash = random.chance(plan.crashRate)
    let crashStep = isCrash ? executor.steps + random.below(6000) : Int.max
    var outcome = executor.run(limit: SimPlan.lifeLimit) {
      workers == 0 || isEnding || executor.steps >= crashStep
    }
    if isCrash, outcome == .stopped { crash() }
    isEnding = true
    if outcome == .stopped { outcome = executor.run(limit: SimPlan.lifeLimit) { workers == 0 } }
    if outcome == .stopped { outcome = end(store, saves: !isCrash && random.below(4) > 0) }
    executor.afterStep = nil
    if outcome != .quiescent { fail("the tasks do not end: \(outcome)") }
    if report.failures.isEmpty { inspect(store, isCrash: isCrash, isLast: isLast) }
    countDevices()
    return report.failures.isEmpty && random.below(4) == 0 ? takeLeases(store) : []
  }

  /// Enters what the disks remember while the load runs.
  private func startLateRestore() {
    workers += 1
    let delay = UInt64(random.below(5_000_000))
    disks.forEach { $0.restorable = nil }
    executor.spawn("restore") { [self] in
      await executor.wait(delay)
      restore()
      workers -= 1
    }
  }

  /// Enters what the disks remember.
  private func restore() {
    guard let life else { return }
    for position in disks.indices {
      let restoration = life.store.restore(disk: position)
      executor.trace.record(
        "restored", at: executor.now, position, restoration.pages, restoration.dropped)
      count("restored", restoration.pages)
      count("restored: dropped", restoration.dropped)
      if let expected = disks[position].restorable, expected != restoration.pages {
        fail("disk \(position) has \(restoration.pages) of \(expected) pages after a planned end")
      }
      disks[position].restorable = nil
      if restoration.failure != nil { count("restored: damaged") }
    }
    isRestored = true
    checkAccount("after opening")
  }

  /// Loses power on all disks at once.
  private func crash() {
    count("crashes")
    isPowerLost = true
    disks.forEach { $0.crash() }
    damageLogs()
  }

  /// Changes what some logs remember, between two lives.
  func damageLogs() {
    for disk in disks where random.chance(plan.logDamageRate) {
      count("logs damaged")
      // What one log says wrongly may be refused or accepted in place of what another says.
      disks.forEach { $0.restorable = nil }
      disk.change { $0.damage(&random) }
    }
  }

  /// Ends the background tasks, and before that waits until pages are saved when it `saves`.
  private func end(_ store: PageStore, saves: Bool) -> SimExecutor.Outcome {
    workers = 1
    executor.spawn("end") { [self] in
      if saves {
        if random.below(8) == 0 { await heal() }
        await store.waitUntilSaved()
        await store.flush()
      }
      store.stopBackground()
      isStopped = true
      // Nobody looks after the disks any more: a stop lets go of what hangs by itself, and a device answers some day.
      if random.below(2) == 0 { store.abandonDisks() }
      for case let device? in disks.map(\.device) where device.state == .hanging {
        device.become(.working)
      }
      workers = 0
    }
    return executor.run(limit: SimPlan.lifeLimit)
  }

  private func countDevices() {
    for case let volume? in disks.map(\.volume) {
      let counts = volume.health.counts
      count("health: changes of state", Int(counts.transitions))
      count("health: failed probes", Int(counts.failedProbes))
      count("health: timeouts", Int(volume.statistics.timeouts))
    }
    for case let device? in disks.map(\.device) {
      device.complaints.forEach { complaint in fail(complaint) }
      count("device: reads", device.counts.reads)
      count("device: writes", device.counts.writes)
      count("device: errors", device.counts.errors)
      count("device: short", device.counts.shorts)
      count("device: misdirected", device.counts.misdirected)
      count("device: lost writes", device.counts.lost)
      count("device: flips", device.counts.flips)
      count("device: hangs", device.counts.hangs)
    }
  }
}
