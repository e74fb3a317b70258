// That a page may be brought into the cache, and what counts against which limit.

import PageStore

/// Leave to fill a page; committed or cancelled once, by who got it.
struct FillGrant: ~Copyable {
  /// What the store is told of the page's file.
  let traits: FileTraits
  private let bytes: Int64
  private let accounts: [QuotaAccount]
  private var isOver = false

  /// A grant of `bytes` that `accounts` have reserved.
  init(traits: FileTraits, bytes: Int64, accounts: [QuotaAccount]) {
    self.traits = traits
    self.bytes = bytes
    self.accounts = accounts
  }

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
