// Taking all copies off one disk, whose file is to be replaced.

extension StoreCore {
  /// Drops every resident copy on the disk at `position`; copies in memory in front of them stay.
  ///
  /// Copies that are being made come to be afterwards, for another call.
  ///
  /// O(entries of the store), one stripe's lock at a time.
  func evacuate(_ position: Int) {
    let volume = memoryCount + position
    guard tasks.copies[volume] > 0 else { return }
    for number in 0..<PageIndex.stripeCount {
      let stripe = index.stripe(number)
      stripe.lock()
      let end = unsafe stripe.state.pointee.fresh
      stripe.unlock()
      for local in 1..<max(1, end) {
        stripe.lock()
        let entry = unsafe stripe.entry(local)
        let isThere = unsafe entry.pointee.current.isResident && Int(entry.pointee.volume) == volume
        let isBack = unsafe isThere && doom(entry, in: stripe, now)
        stripe.unlock()
        if isBack { releaseHolder() }
      }
    }
  }
}

extension PageStore {
  /// Takes the pages off the disk at `position`, which `leave` was told; true once nobody uses it any more, and another
  /// file may join.
  ///
  /// Blocks, for a second when there are millions. What is held or under way goes when it ends: call it again until then.
  package func evacuate(disk position: Int) -> Bool {
    core.evacuate(position)
    return core.disks[position].isVacant
  }
}
