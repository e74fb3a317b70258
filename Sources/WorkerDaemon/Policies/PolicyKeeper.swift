// What policies need from time to time: notes written, aged pages dropped, the filter's file looked at.

import Logging
import Model
package import Ring
import Synchronization

/// The recurring work of the cache policies.
package final class PolicyKeeper: Sendable {
  /// How often the keeper looks what is due.
  private static let tickMax = Duration.seconds(1)
  private static let tickMin = Duration.milliseconds(10)
  /// The same while pages of an earlier life are entered: the coordinator waits for that.
  private static let restoreTick = Duration.milliseconds(50)

  private struct State {
    var task: Task<Void, Never>?
    var stamp: FilterFile.Stamp?
    /// Why the catalog could not be written the last time.
    var problem: CatalogError?
  }

  private let policies: CachePolicies
  private let filter: FilterFile?
  private let filterInterval: Duration
  private let log = Logger(label: "policies")
  private let lines = LineLimit(interval: 60_000_000_000)
  private let state: Mutex<State>

  /// A keeper of `policies` and of the filter that came from `filter` when it was `stamp`.
  package init(
    _ policies: CachePolicies, filter: FilterFile? = nil, stamp: FilterFile.Stamp? = nil,
    filterInterval: Duration = .seconds(300)
  ) {
    self.policies = policies
    self.filter = filter
    self.filterInterval = filterInterval
    state = Mutex(State(stamp: stamp))
  }

  /// Starts the work on `reactor`: first, once `isRestored`, everything that is cached is made to obey the rules.
  package func start(
    on reactor: Reactor, isRestored: @escaping @Sendable () -> Bool = { true }
  ) {
    let task = Task(executorPreference: reactor) {
      await self.run(on: reactor, isRestored: isRestored)
    }
    state.withLock { $0.task = task }
  }

  /// Ends the work; returns true when nothing of it runs, false when that is not so at `deadline` (nanoseconds of
  /// `reactor`): the metastore hangs.
  package func stop(by deadline: UInt64, on reactor: Reactor) async -> Bool {
    guard let task = state.withLock({ $0.task }) else { return true }
    task.cancel()
    return await StopGate.wait(until: deadline, on: reactor) { await task.value }
  }

  private func run(on reactor: Reactor, isRestored: @Sendable () -> Bool) async {
    let sweepInterval = policies.book.options.ttlCheckInterval
    let tick = max(Self.tickMin, min(Self.tickMax, sweepInterval, filterInterval))
    if isRestored() { policies.finishRestoring() }
    if !policies.isRestoring { await sweep(findsUnnamed: true) }
    var nextSweep = Self.time(reactor.now, after: sweepInterval)
    var nextFilter = Self.time(reactor.now, after: filterInterval)
    while await reactor.sleep(for: policies.isRestoring ? min(tick, Self.restoreTick) : tick) {
      if policies.catalog.hasChanges { await flush() }
      let isDone = policies.isRestoring && isRestored()
      if isDone { policies.finishRestoring() }
      if isDone || reactor.now >= nextSweep {
        await sweep(findsUnnamed: isDone)
        nextSweep = Self.time(reactor.now, after: sweepInterval)
      }
      if reactor.now >= nextFilter {
        await reloadFilter()
        nextFilter = Self.time(reactor.now, after: filterInterval)
      }
    }
  }

  /// `interval` after `now`; an interval without end never comes.
  private static func time(_ now: UInt64, after interval: Duration) -> UInt64 {
    let (sum, overflow) = now.addingReportingOverflow(interval.nanoseconds)
    return overflow ? .max : sum
  }

  private func flush() async {
    let problem = await policies.calls.work(isShort: true) { [policies] () -> CatalogError? in
      do throws(CatalogError) { try policies.catalog.flush() } catch { return error }
      return nil
    }
    report(problem)
  }

  /// Says that the catalog cannot be written, once for each reason, and when it can again.
  private func report(_ problem: CatalogError?) {
    let isNew = state.withLock { state in
      defer { state.problem = problem }
      return state.problem?.isFull != problem?.isFull
    }
    guard isNew else { return }
    // On a disk that is almost full every other write may go: not a line for each.
    let kind = problem.map { $0.isFull ? "full" : "refused" } ?? "again"
    guard case .tell(let others) = lines.turn(of: kind, now: monotonicNow()) else { return }
    let metadata: Logger.Metadata? = others > 0 ? ["others": "\(others)"] : nil
    guard let problem else {
      return log.notice("the catalog of cached files is written again", metadata: metadata)
    }
    let remedy = problem.isFull ? "its disk is full: free some of it: " : ""
    log.error(
      "the catalog of cached files cannot be written: \(remedy)\(problem)", metadata: metadata)
  }

  /// Makes everything that is cached obey the rules; when it `findsUnnamed`, looks for what an earlier life left.
  private func sweep(findsUnnamed: Bool = false) async {
    let result = await policies.calls.work { [policies] () -> Result<PolicyOutcome, CatalogError> in
      do throws(CatalogError) {
        let outcome = try policies.enforce()
        if findsUnnamed { policies.findUnnamed(named: outcome.files - outcome.droppedFiles) }
        policies.enforceQuotas()
        return .success(outcome)
      } catch {
        return .failure(error)
      }
    }
    if findsUnnamed, !policies.unnamed.isEmpty {
      log.notice(
        "pages outlived a crash that the note of their path did not",
        metadata: ["files": "\(policies.unnamed.count)"])
    }
    switch result {
    case .failure(let error): log.error("the catalog of cached files cannot be read: \(error)")
    case .success(let outcome) where outcome.droppedFiles > 0:
      log.info(
        "dropped what rules no longer let stay",
        metadata: [
          "files": "\(outcome.droppedFiles)", "bytes": "\(outcome.droppedBytes)",
        ])
    case .success: break
    }
  }

  /// Reads the filter's file again if it changed; what cannot be used leaves the last good filter in force.
  package func reloadFilter() async {
    guard let filter else { return }
    let before = state.withLock { $0.stamp }
    let read = await policies.calls.work {
      () -> (FilterFile.Stamp?, Result<CacheFilter, RuleError>)? in
      let stamp = filter.stamp
      if stamp != nil, stamp == before { return nil }
      do throws(RuleError) { return (stamp, .success(try filter.load())) } catch {
        return (stamp, .failure(error))
      }
    }
    guard let (stamp, result) = read else { return }
    state.withLock { $0.stamp = stamp }
    switch result {
    case .failure(let error):
      policies.counters.update {
        $0.filterFailures += 1
        $0.isFilterStale = true
      }
      log.warning("the last good cache filter stays in force: \(error)")
    case .success(let rules):
      policies.counters.update { $0.isFilterStale = false }
      policies.book.setFilter(rules)
      log.notice("cache filter read again", metadata: ["patterns": "\(rules.patternCount)"])
      await sweep()
    }
  }
}
