// The harness itself: planted faults that it must see.

import Model
import Synchronization
import Testing

@testable import PageStore

@Suite("Canaries")
struct CanaryTests {
  /// Broken stores are kept: they cannot be taken down by their own rules.
  private static let broken = Mutex<[PageStore]>([])

  @Test(
    "a byte that changes under a lease is seen, wherever it is", arguments: [0, 7, 4096, 65_535])
  func changedByte(offset: Int) throws {
    let store = try PageStore(capacity: 1 << 20, pageSize: 64 << 10)
    store.put(key(1), now: 1000)
    let lease = try store.lease(key(1))
    #expect(unsafe isPattern(lease.bytes, of: key(1)))
    #expect(unsafe !isPattern(lease.bytes, of: key(2)))
    let bytes = unsafe UnsafeMutableRawBufferPointer(mutating: lease.bytes)
    unsafe bytes[offset] ^= 0x10
    #expect(unsafe !isPattern(lease.bytes, of: key(1)))
  }

  @Test("lost space, a wrong count, a wrong link and a wrong stamp are each found by the check")
  func invariants() throws {
    let faults: [(StoreCore, UnsafeMutablePointer<PageEntry>, IndexStripe) -> Void] = unsafe [
      { core, entry, stripe in
        unsafe core.volumes[0].giveBack(0, 16, of: core.index.slot(of: entry))
      },
      { _, _, stripe in unsafe stripe.state.pointee.counters.resident += 1 },
      { _, entry, _ in unsafe entry.pointee.newer = 9 },
      { _, entry, _ in unsafe entry.pointee.stamp += 1 },
      { _, entry, _ in unsafe entry.pointee.low += 1 },
      { core, _, _ in core.files.removePage(file(1), length: 1) },
    ]
    for (number, fault) in faults.enumerated() {
      let store = try PageStore(capacity: 1 << 20, pageSize: 64 << 10)
      store.put(key(1), now: 1000)
      store.put(key(1, 1), now: 1000)
      #expect(store.checkInvariants() == [])
      let hash = store.core.index.hash(key(1))
      let stripe = store.core.index.stripe(of: hash)
      let entry = try #require(unsafe stripe.find(key(1), hash))
      unsafe fault(store.core, entry, stripe)
      #expect(!store.checkInvariants().isEmpty, "fault \(number)")
      CanaryTests.broken.withLock { $0.append(store) }
    }
  }
}
