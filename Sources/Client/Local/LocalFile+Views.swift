// Pages looked at in place.

import LocalWire
import Synchronization

extension LocalFile {
  /// Leases the page of the byte at `offset` for a view; nil when there is no room for a lease.
  func beginView(at offset: Int) throws(ClientError) -> Held? {
    let page = page(at: offset)
    for _ in 0..<8 {
      let held = state.withLock { state -> Held? in
        guard let held = state.pages[page], connection.words.isLive(held.mark) else { return nil }
        state.addView(1, to: page)
        return held
      }
      if let held {
        connection.viewCount.add(1, ordering: .relaxed)
        LocalKeeper.wake(connection)
        if page >= reader.trigger.load(ordering: .relaxed) { askAhead(of: page) }
        return held
      }
      forgetEnded(page)
      guard try obtain(page, through: page) else { return nil }
    }
    return nil
  }

  /// Drops the lease on `page` if it has ended, also one that is looked at: its views keep what they know.
  private func forgetEnded(_ page: UInt32) {
    let isGone = state.withLock { state -> Bool in
      guard let held = state.pages[page], !connection.words.isLive(held.mark) else { return false }
      state.letGo(page)
      return true
    }
    if isGone { connection.registry.add(-1) }
  }

  /// Ends a view of `page` under `mark`; returns whether the lease is live, and was all the time.
  func endView(of page: UInt32, _ mark: LeaseMark) -> Bool {
    let isLive = connection.words.isLive(mark)
    connection.viewCount.subtract(1, ordering: .relaxed)
    let isLast = state.withLock { state -> Bool in
      guard let held = state.pages[page], held.mark == mark else { return false }
      state.addView(-1, to: page)
      guard held.viewCount == 1, state.isClosed else { return false }
      state.letGo(page)
      return true
    }
    if isLast {
      connection.registry.add(-1)
      connection.post([.release([mark])])
    }
    return isLive
  }
}
