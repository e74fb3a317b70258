// How much of the memory tier clients hold: counted in blocks of a page's size, since a leased small page keeps the others
// of its block from making room for a full one.

import Glibc
import PageStore
import Ring
import Synchronization

/// The blocks of the arenas in which something is leased, over all connections; never more than a limit.
@safe final class LeasedMemory: @unchecked Sendable {
  @safe private struct State {
    // SAFETY: one allocation of `blockCount` numbers, used under the lock alone.
    var counts: UnsafeMutablePointer<UInt32>
    var blocks = 0
    var leases = 0
  }

  private let state: Mutex<State>
  private let arenas: ArenaSet
  private let blockSize: Int
  private let blockCount: Int
  /// Leases on pages of the store that may be held, whoever has them: each takes about 130 bytes.
  static let leaseCountMax = 256 << 10
  /// Most bytes that may be leased.
  let limit: Int

  /// A count for the memory of `store`, of which at most `limit` bytes are leased.
  ///
  /// Nil when there is no memory for it.
  init?(_ store: PageStore, limit: Int) {
    arenas = store.arenas
    blockSize = store.pageSize
    self.limit = limit
    blockCount = arenas.stride * arenas.arenas.count / blockSize + 1
    // Zero pages that are made when they are used: it is as large as the machine's memory asks for.
    guard let counts = unsafe calloc(blockCount, MemoryLayout<UInt32>.size) else { return nil }
    unsafe state = Mutex(
      State(counts: counts.bindMemory(to: UInt32.self, capacity: blockCount)))
  }

  deinit { state.withLock { unsafe free($0.counts) } }

  /// Bytes of blocks in which something is leased.
  var bytes: Int { state.withLock { $0.blocks } * blockSize }

  /// Leases that are held.
  var leases: Int { state.withLock { $0.leases } }

  /// Where `page` lies: the number of its arena from 1 on, and the offset there; nil for memory of no arena.
  func place(of page: UnsafeRawPointer) -> (region: UInt16, offset: UInt64)? {
    let offset = unsafe UInt(bitPattern: page) &- UInt(bitPattern: arenas.base)
    guard let offset = Int(exactly: offset), offset < arenas.stride * arenas.arenas.count,
      let region = UInt16(exactly: offset / arenas.stride + 1)
    else { return nil }
    return (region, UInt64(offset % arenas.stride))
  }

  /// Counts a lease on the page at `page`; false, and nothing is counted, when that would be too much.
  func enter(_ page: UnsafeRawPointer) -> Bool {
    let block = unsafe block(of: page)
    return state.withLock { state in
      guard state.leases < Self.leaseCountMax else { return false }
      if unsafe state.counts[block] == 0 {
        guard (state.blocks + 1) * blockSize <= limit else { return false }
        state.blocks += 1
      }
      unsafe state.counts[block] += 1
      state.leases += 1
      return true
    }
  }

  /// Takes a lease off the page at `page`.
  func leave(_ page: UnsafeRawPointer) {
    let block = unsafe block(of: page)
    state.withLock { state in
      precondition(unsafe state.counts[block] > 0, "a lease is counted once")
      unsafe state.counts[block] -= 1
      state.leases -= 1
      if unsafe state.counts[block] == 0 { state.blocks -= 1 }
    }
  }

  private func block(of page: UnsafeRawPointer) -> Int {
    let offset = unsafe UInt(bitPattern: page) &- UInt(bitPattern: arenas.base)
    let block = Int(clamping: offset) / blockSize
    precondition(block < blockCount, "a leased page lies in an arena")
    return block
  }
}
