// A lease that is kept longer than others: past its store's end, or for good by a planted bug.

import PageStore

/// A lease on a page in memory, and whose bytes it holds.
final class KeptLease {
  private let lease: PageLease
  private let want: Want

  init(_ lease: consuming PageLease, _ want: Want) {
    self.lease = lease
    self.want = want
  }

  /// Checks the page's bytes.
  func verify(in simulation: StoreSimulation) {
    simulation.verify(lease.bytes, of: want.file, at: want.pageStart, "memory, after the store")
  }
}
