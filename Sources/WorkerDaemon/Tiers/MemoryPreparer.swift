// Makes page memory resident ahead of need: the kernel clears a page when it is touched for the first time, which costs a
// load more than receiving the bytes does.
//
//   start ──1 s──▶ chunk ▶ chunk ▶ … at a bounded rate ──▶ enough is at hand: looks again ten times a second
//                                   │ refused by the kernel: ten seconds of rest
//                                   └ all of the quota is resident: the end

package import PageStore
package import Ring
import Synchronization

/// Keeps page memory that is resident and unused at hand, in the background.
package final class MemoryPreparer: Sendable {
  /// How much is kept at hand, and how fast it is made.
  package struct Options: Sendable, Equatable {
    /// Bytes resident and unused, on all nodes together; 0 prepares nothing.
    package var reserve: Int64 = 4 << 30
    /// Bytes made resident a second.
    package var bytesPerSecond: Int64 = 1 << 30
    /// How long after the start it begins.
    package var delay = Duration.seconds(1)

    /// The defaults.
    package init() {}
  }

  /// What it is doing.
  package enum Phase: Int, Sendable {
    /// It is off, or has not begun.
    case resting = 0
    /// It makes memory resident.
    case preparing = 1
    /// Enough is at hand.
    case ready = 2
    /// The kernel gave no more memory; it tries again.
    case refused = 3
  }

  /// How often it looks whether enough is at hand.
  private static let tick = Duration.milliseconds(100)
  /// How long it leaves a kernel in peace that gave no memory.
  private static let refusalPause = Duration.seconds(10)

  private let store: PageStore
  private let pool: BlockingPool
  private let options: Options
  private let task = Mutex<Task<Void, Never>?>(nil)
  private let phaseState = Atomic<Int>(Phase.resting.rawValue)
  private let refusals = Atomic<Int>(0)

  /// A preparer of the memory of `store`, which is touched on threads of `pool`.
  package init(_ store: PageStore, pool: BlockingPool, options: Options) {
    self.store = store
    self.pool = pool
    self.options = options
  }

  /// What it is doing now.
  package var phase: Phase { Phase(rawValue: phaseState.load(ordering: .relaxed)) ?? .resting }

  /// Starts the work on `reactor`; nothing happens when it is off.
  package func start(on reactor: Reactor) {
    guard options.reserve > 0, options.bytesPerSecond > 0 else { return }
    let started = Task(executorPreference: reactor) { await self.run(on: reactor) }
    task.withLock { $0 = started }
  }

  /// Ends the work; returns when nothing of it runs.
  package func stop() async {
    let started = task.withLock { $0 }
    started?.cancel()
    await started?.value
  }

  private func run(on reactor: Reactor) async {
    guard await reactor.sleep(for: options.delay) else { return }
    let reserve = Int(clamping: options.reserve)
    // Memory that is free for the next chunk of time: no burst makes up for a slow moment.
    var due = reactor.now
    while !Task.isCancelled {
      switch await step(toward: reserve) {
      case .whole:
        return enter(.ready)
      case .enough:
        enter(.ready)
        guard await reactor.sleep(for: Self.tick) else { return }
        due = reactor.now
      case .refused:
        enter(.refused)
        refusals.add(1, ordering: .relaxed)
        guard await reactor.sleep(for: Self.refusalPause) else { return }
        due = reactor.now
      case .grown(let count):
        enter(.preparing)
        due = max(due, reactor.now &- Self.tick.nanoseconds) &+ time(for: count)
        guard due > reactor.now else { continue }
        guard await reactor.sleep(for: .nanoseconds(Int64(clamping: due - reactor.now))) else {
          return
        }
      }
    }
  }

  private func step(toward reserve: Int) async -> PageStore.Preparation {
    // Most looks find enough, and need no thread for that.
    if !store.isWhollyResident, store.hasPrepared(reserve) { return .enough }
    return await pool.run { [store] in store.prepareChunk(toward: reserve) }
  }

  /// Nanoseconds that `count` bytes take at the rate.
  private func time(for count: Int) -> UInt64 {
    let (product, overflow) = UInt64(count).multipliedReportingOverflow(by: 1_000_000_000)
    return (overflow ? .max : product) / UInt64(options.bytesPerSecond)
  }

  private func enter(_ phase: Phase) { phaseState.store(phase.rawValue, ordering: .relaxed) }

  /// The figures as Prometheus families.
  package func render(to page: inout MetricsPage) {
    page.gauge(
      "penstock_memory_reserve_bytes",
      "Page memory that is kept resident and unused, as configured.",
      [("", options.reserve)])
    page.gauge(
      "penstock_memory_prepare_state",
      "Making page memory resident ahead of need: 0 off or not begun, 1 at work, 2 enough is at"
        + " hand, 3 refused by the kernel.",
      [("", Int64(phase.rawValue))])
    page.counter(
      "penstock_memory_refusals_total", "Times that the kernel gave no page memory ahead of need.",
      [("", UInt64(refusals.load(ordering: .relaxed)))])
  }
}
