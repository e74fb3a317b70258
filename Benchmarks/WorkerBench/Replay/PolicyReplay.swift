// A trace through a real page store, whose pages' bytes nobody writes.

import Model
import PageStore

/// A page store that a trace is replayed on.
struct PolicyReplay {
  /// The policies there are, by the names that the configuration uses.
  static let policies = EvictionPolicyKind.allCases.map(\.rawValue)

  private let trace: TracePages
  private let store: PageStore

  /// The hits of a store of `unitCount` units with the policy named `policy`.
  static func hits(_ trace: TracePages, policy: String, unitCount: Int) throws -> HitCount {
    guard let kind = EvictionPolicyKind(rawValue: policy) else {
      throw ReplayError.policyUnknown(policy)
    }
    var options = PageStoreOptions()
    options.pageSize = TracePages.replayedPageSize
    options.seed = 1
    options.policy = kind
    let replay = PolicyReplay(
      trace: trace,
      store: try PageStore(
        memory: unitCount * TracePages.unitSize, disks: [], options: options))
    var count = try HitCount(trace) { try replay.access($0) }
    count.evictions = Int(replay.store.statistics.evictions)
    return count
  }

  /// Reads the page of the access at `position`; true when it was there.
  private func access(_ position: Int) throws -> Bool {
    let page = trace.pages[trace.accesses[position].page]
    let key = PageKey(file: FileKey(high: UInt64(page.file), low: 1), index: page.index)
    // A clock of the store has ticks of 128 ns; one access happens in each.
    let now = UInt64(position + 1) * 128
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
    /// There is no policy of this name.
    case policyUnknown(String)
  }
}
