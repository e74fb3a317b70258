// The real page store under a random load, on simulated devices, in virtual time, with everything drawn from one seed.
//
//   seed ─▶ plan: sizes, faults, tasks, lives
//   life ─▶ open, tasks run in random order, end: planned or by loss of power at a random step ─▶ the next life
//
// Oracles: every byte served is the source's byte of that version (the rule above all); used ≤ quota after each step; the
// store's own account agrees with itself; one filler for each page; every task ends; at the end everything can be given back.

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
  var random: SimRandom
  var report: SimReport
  /// The store of this life; nil between lives.
  var life: StoreLife?
  /// Pages that someone fills right now: two fillers of one page are a failure.
  var filling: Set<PageKey> = []
  /// Leases that a planted bug keeps.
  var kept: [KeptLease] = []
  /// True when tasks are to come to their ends.
  var isEnding = false

  /// The simulation of `seed`; `onEvent` gets a line for each event.
  package init(seed: UInt64, canary: SimCanary? = nil, onEvent: ((String) -> Void)? = nil) {
    self.seed = seed
    self.canary = canary
    var random = SimRandom(seed: seed)
    plan = SimPlan(&random)
    executor = SimExecutor(random: random.fork(), isShuffled: plan.isShuffled)
    ufs = SimUFS(count: plan.fileCount, lengthMax: plan.fileLengthMax, random: random.fork())
    ufs.errorRate = plan.ufsErrorRate
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

  // MARK: Oracles

  /// Notes that something is wrong; the simulation ends soon after.
  func fail(_ sentence: @autoclosure () -> String) {
    report.failures.append("at \(executor.now / 1000) us, step \(executor.steps): \(sentence())")
    isEnding = true
  }

  /// Counts something that happened.
  func count(_ name: String, _ more: Int = 1) { report.counts[name, default: 0] += more }

  /// The rule above all: `bytes` are those of `file` at `offset`.
  func verify(_ bytes: UnsafeRawBufferPointer, of file: SimUFS.File, at offset: Int, _ what: String)
  {
    count("bytes checked", bytes.count)
    guard let place = file.mismatch(bytes, at: offset) else { return }
    fail(
      "WRONG BYTE (\(what)): file \(file.number) version \(file.version) at \(offset + place),"
        + " \(place) of \(bytes.count)")
  }

  private func audit() {
    guard let life else { return }
    let (used, capacity) = (life.store.used, life.store.capacity)
    if used > capacity { fail("used \(used) is above the quota \(capacity)") }
    guard executor.steps % plan.auditInterval == 0 else { return }
    life.store.checkInvariants().prefix(5).forEach { sentence in fail("account: \(sentence)") }
  }

  // MARK: Lives

  private func live(_ number: Int) {
    executor.trace.record("life", at: executor.now, number)
    isEnding = false
    guard let life = StoreLife(self) else { return fail("the store does not open") }
    self.life = life
    executor.afterStep = { [unowned self] in audit() }
    startTasks(life, number)
    let crashStep = random.chance(plan.crashRate) ? executor.steps + random.below(4000) : Int.max
    var outcome = executor.run(limit: SimPlan.lifeLimit) { executor.steps >= crashStep }
    if outcome == .stopped {
      count("crashes")
      isEnding = true
      outcome = executor.run(limit: SimPlan.lifeLimit)
    }
    executor.afterStep = nil
    if outcome != .quiescent { fail("the tasks do not end: \(outcome)") }
    if report.failures.isEmpty { finish(life) }
    self.life = nil
  }

  private func finish(_ life: StoreLife) {
    let store = life.store
    store.checkInvariants().prefix(5).forEach { sentence in fail("account at rest: \(sentence)") }
    let figures = store.statistics
    if figures.filling != 0 { fail("\(figures.filling) fills never ended") }
    if figures.doomedPages != 0 { fail("\(figures.doomedPages) pages are held by nobody") }
    store.dropAll()
    if store.used != 0 { fail("\(store.used) bytes stay after everything was dropped") }
  }
}
