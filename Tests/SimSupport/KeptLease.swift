// A lease that nobody ends before the simulation does: a planted bug.

import PageStore

/// A box for a lease.
final class KeptLease {
  private let lease: PageLease

  init(_ lease: consuming PageLease) { self.lease = lease }
}
