// What each user takes, over all of its connections and all rings.

import Synchronization

/// One user's connections, and the work of its frames.
final class UserAccount: Sendable {
  private let connections = Atomic<Int>(0)
  /// Units of work since `second` began.
  private let units = Atomic<Int>(0)
  private let second = Atomic<UInt64>(0)
  private let rateMax: Int

  /// An account that may spend `rateMax` units in a second.
  init(rateMax: Int) { self.rateMax = rateMax }

  /// Counts a connection; false, and nothing is counted, beyond `max`.
  func enter(max: Int) -> Bool {
    if connections.add(1, ordering: .relaxed).newValue <= max { return true }
    leave()
    return false
  }

  /// Takes a connection off.
  func leave() { connections.subtract(1, ordering: .relaxed) }

  /// Connections now.
  var connectionCount: Int { connections.load(ordering: .relaxed) }

  /// Counts `price` units at `now` (monotonic nanoseconds); false when this second's were spent before.
  ///
  /// So the last frame may cost more than is left: one that costs more than a whole second's is not refused for ever.
  @discardableResult
  func take(_ price: Int, now: UInt64) -> Bool {
    let current = now / 1_000_000_000
    let known = second.load(ordering: .relaxed)
    // Whoever loses this race, or has an older clock, counts in the second that the other began.
    if known < current,
      second.compareExchange(expected: known, desired: current, ordering: .relaxed).exchanged
    {
      units.store(0, ordering: .relaxed)
    }
    return units.add(price, ordering: .relaxed).oldValue < rateMax
  }
}

/// The accounts of all users that are connected.
final class UserAccounts: Sendable {
  /// Accounts of users without a connection that are kept.
  private static let idleCountMax = 1024

  private let accounts = Mutex<[UInt32: UserAccount]>([:])
  private let connectionCountMax: Int
  private let rateMax: Int

  /// Accounts with these bounds for each user.
  init(connectionCountMax: Int, rateMax: Int) {
    self.connectionCountMax = connectionCountMax
    self.rateMax = rateMax
  }

  /// The account of `user` with one connection more; nil when it has too many.
  func enter(_ user: UInt32) -> UserAccount? {
    let account = accounts.withLock { accounts in
      if let account = accounts[user] { return account }
      if accounts.count >= Self.idleCountMax {
        accounts = accounts.filter { $0.value.connectionCount > 0 }
      }
      let account = UserAccount(rateMax: rateMax)
      accounts[user] = account
      return account
    }
    return account.enter(max: connectionCountMax) ? account : nil
  }
}
