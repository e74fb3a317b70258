// That a page may be brought into the cache, and what counts against which limit.

import PageStore

/// Leave to fill a page; committed or cancelled once, by who got it.
struct FillGrant: ~Copyable {
  /// Which pages leave before the page.
  let priority: CachePriority
  /// Whether the page does not leave.
  let isPinned: Bool
  private let bytes: Int64
  private let accounts: [QuotaAccount]
  private var isOver = false

  /// A grant of `bytes` that `accounts` have reserved.
  init(priority: CachePriority, isPinned: Bool, bytes: Int64, accounts: [QuotaAccount]) {
    self.priority = priority
    self.isPinned = isPinned
    self.bytes = bytes
    self.accounts = accounts
  }

  /// What the store is told of the page's file.
  var traits: FileTraits { FileTraits(priority: priority, isPinned: isPinned) }

  /// The page is in the cache.
  consuming func commit() {
    for account in accounts { account.commit(bytes) }
    isOver = true
  }

  deinit {
    if isOver { return }
    for account in accounts { account.cancel(bytes) }
  }
}
