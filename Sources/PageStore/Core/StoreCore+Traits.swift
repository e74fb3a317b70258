// What operators say of a file, applied to the pages it has and to those that come.

import Model
import Synchronization

extension StoreCore {
  /// Gives `file` other traits; its pages go to the lanes that fit them.
  ///
  /// O(pages of the file, by its highest index) or O(pages of the store), whichever is less.
  func setTraits(_ traits: FileTraits, of file: FileKey) {
    guard let record = files.setTraits(traits, of: file) else { return }
    if Int(record.lastIndex) < max(4096, 8 * used / pageSize) {
      for number in 0...record.lastIndex {
        let key = PageKey(file: file, index: number)
        let hash = index.hash(key)
        let stripe = index.stripe(of: hash)
        stripe.lock()
        if let entry = unsafe stripe.find(key, hash) { unsafe set(traits, entry, stripe) }
        stripe.unlock()
      }
      return
    }
    for number in 0..<PageIndex.stripeCount {
      let stripe = index.stripe(number)
      stripe.lock()
      for local in unsafe 1..<max(1, stripe.state.pointee.fresh) {
        let entry = unsafe stripe.entry(local)
        let word = unsafe entry.pointee.current
        if word.isResident || word.isFilling, unsafe entry.pointee.file == file {
          unsafe apply(traits, entry, stripe)
        }
      }
      stripe.unlock()
    }
  }

  /// Gives the visible copy `entry` and the one behind it `traits`; called with the stripe's lock.
  private func set(
    _ traits: FileTraits, _ entry: UnsafeMutablePointer<PageEntry>, _ stripe: IndexStripe
  ) {
    unsafe apply(traits, entry, stripe)
    if unsafe entry.pointee.current.isResident, let behind = unsafe behind(entry) {
      unsafe apply(traits, behind, stripe)
    }
  }

  private func apply(
    _ traits: FileTraits, _ entry: UnsafeMutablePointer<PageEntry>, _ stripe: IndexStripe
  ) {
    let before = unsafe entry.pointee.flags
    unsafe entry.pointee.flags.priority = traits.priority
    if traits.isPinned {
      unsafe entry.pointee.flags.insert(.pinned)
    } else {
      unsafe entry.pointee.flags.remove(.pinned)
    }
    // Rules are told again and again; what they say of a page is no use of it.
    guard unsafe entry.pointee.current.isResident, unsafe entry.pointee.flags != before else {
      return
    }
    let (lane, stamp) = unsafe (entry.pointee.lane, entry.pointee.stamp)
    unsafe stripe.unlink(entry)
    guard lane != PageEntry.noLane else {
      // It was pinned, and nobody counted its uses.
      return unsafe list(entry, in: stripe, now)
    }
    unsafe list(entry, in: stripe, stamp, from: Int(lane) % policy.laneCount)
  }
}
