// A trace through a real page store, whose pages' bytes nobody writes.

import Model
import PageStore
import Synchronization

/// A page store that a trace is replayed on.
struct PolicyReplay {
  /// The policies there are, by the names that the configuration uses.
  static let policies = EvictionPolicyKind.allCases.map(\.rawValue)

  private let trace: TracePages
  private let store: PageStore
  private let clock: ReplayClock

  /// The hits of a store of `unitCount` units with the policy named `policy`, which is one of `policies`.
  static func hits(_ trace: TracePages, policy: String, unitCount: Int) throws -> HitCount {
    guard let kind = EvictionPolicyKind(rawValue: policy) else {
      preconditionFailure("a policy has a name")
    }
    let clock = ReplayClock()
    var options = PageStoreOptions()
    options.pageSize = TracePages.replayedPageSize
    options.seed = 1
    options.policy = kind
    options.clock = { clock.now }
    let replay = PolicyReplay(
      trace: trace,
      store: try PageStore(
        memory: unitCount * TracePages.unitSize, disks: [], options: options),
      clock: clock)
    var count = try HitCount(trace) { try replay.access($0) }
    count.evictions = Int(replay.store.statistics.evictions)
    return count
  }

  /// Reads the page of the access at `position`; true when it was there.
  private func access(_ position: Int) throws -> Bool {
    let page = trace.pages[trace.accesses[position].page]
    let key = PageKey(file: FileKey(high: UInt64(page.file), low: 1), index: page.index)
    let now = clock.advance(to: position)
    if case .hit = store.lookup(key, now: now) { return true }
    let decision = store.fill(key, length: page.units * TracePages.unitSize, now: now)
    switch consume decision {
    case .owner(let fill): _ = fill.commit(now: now)
    case .rejected: break
    case .hit: throw ReplayError.notAlone
    case .stored: throw ReplayError.notAlone
    case .join: throw ReplayError.notAlone
    }
    return false
  }

  /// What cannot happen to the only user of a store.
  enum ReplayError: Error {
    /// Somebody else filled the page.
    case notAlone
  }
}

/// Time as the accesses of a trace go by.
final class ReplayClock: Sendable {
  private let nanoseconds = Atomic<UInt64>(0)

  var now: UInt64 { nanoseconds.load(ordering: .relaxed) }

  /// The time of the access at `position`: a store's clock has ticks of 128 ns, and one access happens in each.
  func advance(to position: Int) -> UInt64 {
    let time = UInt64(position + 1) * 128
    nanoseconds.store(time, ordering: .relaxed)
    return time
  }
}
