// What all connections of the domain socket share.

import Logging
import Model
import PageStore
import Ring
import Synchronization

/// The parts of the short-circuit server that no connection owns.
final class ShortCircuitShared: Sendable {
  /// Settings.
  let settings: ShortCircuitSettings
  /// The cached files.
  let files: FileService
  /// Who the worker is, and the cluster's name.
  let identity: WorkerIdentity
  let clusterName: String
  /// What clients hold of the store.
  let memory: LeasedMemory
  /// Most bytes of the store that one connection leases.
  let share: Int
  /// What windows made resident.
  let windows: WindowBudget
  /// Which peer gets what.
  let policy: PeerPolicy
  /// Handles that are open, of all clients; each keeps a status.
  let handleCount = Atomic<Int>(0)
  /// Most of them.
  static let handleCountMax = 64 << 10
  /// What users take.
  let accounts: UserAccounts
  /// Figures.
  let counters: ShortCircuitCounters
  /// Where lines of the log go that clients cause.
  let log = Logger(label: "short-circuit")
  /// Nanoseconds between two lines of a kind.
  let lines = LineLimit(interval: FailureLog.interval)

  /// The parts for `settings`; nil when there is no memory for them.
  init?(
    _ settings: ShortCircuitSettings, files: FileService, identity: WorkerIdentity,
    clusterName: String, policy: PeerPolicy, ringCount: Int
  ) {
    self.settings = settings
    self.files = files
    self.identity = identity
    self.clusterName = clusterName
    self.policy = policy
    let memory = files.store.volumePlaces.filter { $0.tier == .mem }.reduce(0) { $0 + $1.quota }
    // A fourth: what is left is enough for everybody else's pages, whatever clients hold.
    let limit = memory / 4
    guard let leased = LeasedMemory(files.store, limit: limit) else { return nil }
    self.memory = leased
    // One client alone may hold 64 pages, if so many may be held at all.
    let share =
      settings.leasedMax > 0 ? settings.leasedMax : max(limit / 4, 64 * files.store.pageSize)
    self.share = min(limit, share)
    windows = WindowBudget(limit: settings.windowsMax)
    accounts = UserAccounts(
      connectionCountMax: settings.userConnectionCountMax, rateMax: settings.userRequestRateMax)
    counters = ShortCircuitCounters(ringCount: ringCount)
  }

  /// Logs a line of the kind `word`, unless there was one lately.
  func warn(_ word: String, _ now: UInt64, _ text: @autoclosure () -> String) {
    guard case .tell(let suppressed) = lines.turn(of: word, now: now) else { return }
    log.warning(
      "\(text())", metadata: suppressed > 0 ? ["suppressed": "\(suppressed)"] : nil)
  }
}
