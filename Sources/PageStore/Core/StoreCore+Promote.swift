// Heat up, cold down: pages on disk that are read come to memory, pages of a full disk tier go to the next one.

import Model
import Synchronization

extension StoreCore {
  /// Brings the copy on disk of `name` to memory, when it is still there and seen; suspends.
  ///
  /// Returns the bytes read.
  func promote(_ name: CopyName, near node: Int, through buffer: TransferBuffer) async -> Int {
    let copy = unsafe beginCopy(of: name) { entry in
      unsafe !isMemory(entry) && entry.pointee.flags.isDisjoint(with: [.behind])
    }
    guard let copy else {
      forgetPromotion(of: name)
      return 0
    }
    guard makeRoom(for: copy, in: 0, near: node),
      let bytes = await read(copy, through: buffer)
    else {
      forgetPromotion(of: name)
      abandon(copy)
      return 0
    }
    unsafe UnsafeMutableRawBufferPointer(start: address(of: copy.target), count: copy.length)
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer.memory[bytes]))
    if finishPromotion(copy) {
      tasks.counters.promoted.add(1, ordering: .relaxed)
      tasks.counters.promotedBytes.add(copy.length, ordering: .relaxed)
    }
    return copy.length
  }

  private func forgetPromotion(of name: CopyName) {
    let entry = unsafe index.entry(at: name.slot)
    let stripe = unsafe index.stripe(of: entry)
    stripe.lock()
    if unsafe entry.pointee.current.generation == name.generation, unsafe !isMemory(entry) {
      unsafe entry.pointee.flags.remove(.promoting)
    }
    stripe.unlock()
  }

  /// Reads the source of `copy`, on disk, and verifies it whatever is configured: the copy would carry an error on.
  ///
  /// Returns where in `buffer` the page lies, nil when it was lost.
  private func read(_ copy: CopyInProgress, through buffer: TransferBuffer) async -> Range<Int>? {
    let page = unsafe storedPage(copy.source, copy.source.pointee.current)
    let result = await unsafe disk(of: copy.source).read(
      0..<copy.length, of: page, into: buffer.memory, verify: true)
    switch result {
    case .bytes(let range): return range
    case .corrupt: unsafe lose(copy.source, isCorrupt: true)
    case .failed: unsafe lose(copy.source, isCorrupt: false)
    case .stuck(let hold): buffer.surrender(until: hold)
    }
    return nil
  }

  /// Moves the next page that would leave disk tier `tier` to the one below; suspends.
  ///
  /// Returns false when there is none, or the tier below does not take it. The room below is got before the page is read;
  /// several may run at once, each with a buffer of its own.
  func demoteNext(_ tier: Int, through buffer: TransferBuffer) async -> Bool {
    guard let name = nextVictim(of: tier) else { return false }
    let copy = unsafe beginCopy(of: name) { unsafe tierOfVolume[Int($0.pointee.volume)] == tier }
    guard let copy else { return false }
    guard makeRoom(for: copy, in: tier + 1, near: unsafe node(of: copy.source)) else {
      abandon(copy)
      return false
    }
    guard let bytes = await read(copy, through: buffer) else {
      abandon(copy)
      return true
    }
    let page = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.memory[bytes])
    let unit = unsafe copy.target.pointee.unit
    let root: UInt32
    switch await unsafe disk(of: copy.target).write(page, key: copy.key, at: unit) {
    case .written(let sum): root = sum
    case .failed:
      abandon(copy)
      return false
    case .stuck(let hold):
      buffer.surrender(until: hold)
      abandon(copy, after: hold)
      return false
    }
    if finishDemotion(copy, root: root) {
      tasks.counters.demoted.add(1, ordering: .relaxed)
      tasks.counters.demotedBytes.add(copy.length, ordering: .relaxed)
    }
    return true
  }
}
