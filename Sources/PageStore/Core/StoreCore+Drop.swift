// Taking pages out by name: one page, one file's, or all when the store closes.

import Model
import Synchronization

extension StoreCore {
  /// Drops the page of `key`; returns its bytes, 0 when it was not resident.
  ///
  /// A page being filled goes as soon as its fill ends.
  func drop(_ key: PageKey) -> Int {
    let hash = index.hash(key)
    let stripe = index.stripe(of: hash)
    stripe.lock()
    guard let entry = unsafe stripe.find(key, hash) else {
      stripe.unlock()
      return 0
    }
    return unsafe drop(entry, in: stripe)
  }

  /// Drops every page of `file`; returns their bytes.
  ///
  /// O(pages of the file, by its highest index) or O(pages of the store), whichever is less.
  func drop(_ file: FileKey) -> Int {
    guard let record = files.record(of: file) else { return 0 }
    var freed = 0
    if Int(record.lastIndex) < max(4096, 8 * used / pageSize) {
      for index in 0...record.lastIndex { freed += drop(PageKey(file: file, index: index)) }
    } else {
      freed = unsafe dropAll { unsafe $0.pointee.high == file.high && $0.pointee.low == file.low }
    }
    return freed
  }

  /// Drops every page whose entry `matches`; returns their bytes.
  ///
  /// O(pages of the store), one stripe at a time.
  func dropAll(_ matches: (UnsafeMutablePointer<PageEntry>) -> Bool) -> Int {
    var freed = 0
    for number in 0..<PageIndex.stripeCount {
      let stripe = index.stripe(number)
      stripe.lock()
      let end = unsafe stripe.state.pointee.fresh
      stripe.unlock()
      for local in 1..<max(1, end) {
        stripe.lock()
        let entry = unsafe stripe.entry(local)
        let word = unsafe entry.pointee.current
        // A copy behind another goes with it; one being made is dropped by who makes it.
        let isSeen = unsafe !word.isFilling || entry.pointee.flags.isDisjoint(with: [.moving])
        if word.isResident || word.isFilling, isSeen, unsafe !isBehind(entry), unsafe matches(entry)
        {
          freed += unsafe drop(entry, in: stripe)
        } else {
          stripe.unlock()
        }
      }
    }
    return freed
  }

  /// Drops an indexed entry and releases the stripe's lock.
  private func drop(_ entry: UnsafeMutablePointer<PageEntry>, in stripe: IndexStripe) -> Int {
    let word = unsafe entry.pointee.current
    if word.isFilling {
      unsafe entry.pointee.word.store(word.raw | PageWord.doomed, ordering: .relaxed)
      stripe.unlock()
      return 0
    }
    unsafe stripe.state.pointee.counters.drops += 1
    let tick = now
    var backs = 0
    if let behind = unsafe behind(entry), unsafe doom(behind, in: stripe, tick) { backs += 1 }
    if unsafe doom(entry, in: stripe, tick) { backs += 1 }
    stripe.unlock()
    for _ in 0..<backs { releaseHolder() }
    return word.length
  }

  private func isBehind(_ entry: UnsafeMutablePointer<PageEntry>) -> Bool {
    unsafe !isMemory(entry) && entry.pointee.flags.contains(.behind)
  }

  /// Bytes in use on all volumes.
  var used: Int { volumes.reduce(0) { $0 + $1.used } }
}
