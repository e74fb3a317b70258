// The store's contract on one thread: look-ups, fills, leases, space, LRU, files.

import Model
import PageStore
import Ring
import Testing

@Suite("PageStore")
struct PageStoreTests {
  private let unit = 4096
  private let size = 64 << 10

  @Test("a filled page is found with the bytes that were written")
  func roundTrip() throws {
    let store = try PageStore(capacity: 8 * size, pageSize: size)
    #expect(!store.contains(key(1)))
    let fill = try store.own(key(1), 5000)
    #expect(unsafe fill.buffer.count == 5000)
    unsafe write(key(1), to: fill.buffer)
    #expect(!store.contains(key(1)), "a page being filled is not valid")
    let mine = fill.commit(now: 1000)
    #expect(unsafe isPattern(mine.bytes, of: key(1)))
    let lease = try store.lease(key(1), now: 2000)
    #expect(unsafe lease.bytes.baseAddress == mine.bytes.baseAddress)
    #expect(lease.count == 5000)
    #expect(lease.key == key(1))
    #expect(store.statistics.used == 2 * unit)
    #expect(store.checkInvariants() == [])
  }

  @Test("a page of n bytes takes n rounded up to 4096, and no page is larger than the page size")
  func units() throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    var expected = 0
    for (number, length) in [1, 4095, 4096, 4097, 20_000, size].enumerated() {
      #expect(store.put(key(number), length, now: 1000))
      expected += (length + unit - 1) / unit * unit
      #expect(store.used == expected)
    }
    #expect(store.wish(key(99), size + 1) == "lengthInvalid")
    #expect(store.wish(key(99), 0) == "lengthInvalid")
    #expect(store.checkInvariants() == [])
  }

  @Test("the page unused the longest leaves first")
  func leastRecentlyUsed() throws {
    let store = try PageStore(capacity: 3 * size, pageSize: size)
    for number in 0..<3 { store.put(key(number), now: UInt64(number + 1) * 1000) }
    _ = try store.lease(key(0), now: 10_000)
    _ = try store.lease(key(1), now: 20_000)
    store.put(key(3), now: 30_000)
    #expect(!store.contains(key(2)))
    store.put(key(4), now: 40_000)
    #expect(!store.contains(key(0)))
    store.put(key(5), now: 50_000)
    #expect(!store.contains(key(1)))
    #expect([3, 4, 5].allSatisfy { store.contains(key($0)) })
    #expect(store.statistics.evictions == 3)
    #expect(store.statistics.evictedBytes == UInt64(3 * size))
    #expect(store.checkInvariants() == [])
  }

  @Test("the clock of the machine orders uses when the caller passes none")
  func machineClock() throws {
    let store = try PageStore(capacity: 2 * size, pageSize: size)
    _ = try store.own(key(0), now: AccessTime.now).commit()
    _ = try store.own(key(1), now: AccessTime.now).commit()
    guard case .hit = store.lookup(key(0)) else { throw Missing(key: key(0)) }
    _ = try store.own(key(2), now: AccessTime.now).commit()
    #expect(store.contains(key(0)))
    #expect(!store.contains(key(1)))
  }

  @Test("a held page is never evicted, and a fill is turned away when every page is held")
  func rejectedWhenAllIsLeased() throws {
    let store = try PageStore(capacity: 2 * size, pageSize: size)
    store.put(key(0), now: 1000)
    store.put(key(1), now: 2000)
    let first = try store.lease(key(0), now: 3000)
    do {
      let second = try store.lease(key(1), now: 4000)
      #expect(store.wish(key(2), size, now: 5000) == "full")
      if case .rejected = store.fill(key(2), length: size, now: 5001, countsRejection: false) {
      } else {
        Issue.record("a retry is turned away as well, and not counted again")
      }
      #expect(unsafe isPattern(first.bytes, of: key(0)) && isPattern(second.bytes, of: key(1)))
      #expect(store.checkInvariants() == [])
    }
    #expect(store.put(key(2), now: 6000))
    #expect(store.contains(key(0)))
    #expect(!store.contains(key(1)))
    #expect(unsafe isPattern(first.bytes, of: key(0)))
    #expect(store.statistics.rejections == 1)
  }

  @Test(
    "a page dropped while it is held is gone at once, and its space returns with the last lease")
  func doomed() throws {
    let store = try PageStore(capacity: 2 * size, pageSize: size)
    store.put(key(0), now: 1000)
    do {
      let lease = try store.lease(key(0), now: 2000)
      let other = try store.lease(key(0), now: 2000)
      #expect(store.drop(page: key(0)) == size)
      #expect(!store.contains(key(0)))
      #expect(store.used == size)
      #expect(store.statistics.doomedPages == 1)
      #expect(store.statistics.doomedBytes == size)
      // The same page may be filled again beside its doomed copy.
      store.put(key(0), now: 3000)
      #expect(store.used == 2 * size)
      let newer = try store.lease(key(0), now: 4000)
      #expect(unsafe newer.bytes.baseAddress != lease.bytes.baseAddress)
      #expect(unsafe isPattern(lease.bytes, of: key(0)))
      #expect(lease.isDoomed && other.isDoomed && !newer.isDoomed)
      #expect(store.checkInvariants() == [])
    }
    #expect(store.used == size)
    #expect(store.statistics.doomedPages == 0)
    #expect(store.checkInvariants() == [])
  }

  @Test("a fill that fails or is abandoned leaves nothing behind")
  func failedFill() throws {
    let store = try PageStore(capacity: 2 * size, pageSize: size)
    try store.own(key(0)).fail(.source(Missing(key: key(0))))
    #expect(!store.contains(key(0)))
    #expect(store.used == 0)
    _ = try store.own(key(0))
    #expect(!store.contains(key(0)))
    #expect(store.used == 0)
    #expect(store.residentFiles() == [])
    #expect(store.statistics.failures == 2)
    #expect(store.put(key(0), now: 1000))
    #expect(store.checkInvariants() == [])
  }

  @Test("a file's resident pages and bytes are exact through fill, eviction and drop")
  func files() throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    store.put(key(1, 0), now: 1000)
    store.put(key(1, 7), 5000, now: 2000)
    store.put(key(2, 0), now: 3000)
    #expect(store.residentBytes(of: file(1)) == Int64(size + 5000))
    #expect(store.residentPages(of: file(1)) == 2)
    #expect(store.residentFiles().count == 2)
    store.put(key(2, 1), now: 4000)
    store.put(key(2, 2), now: 5000)
    #expect(store.residentPages(of: file(1)) == 1, "its oldest page made room")
    #expect(store.drop(file(1)) == 5000)
    #expect(store.residentBytes(of: file(1)) == 0)
    #expect(
      store.residentFiles() == [ResidentFile(file: file(2), pages: 3, bytes: Int64(3 * size))])
    #expect(store.checkInvariants() == [])
  }

  @Test("dropping a file also drops its fill under way, once that ends")
  func dropWhileFilling() async throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    let fill = try store.own(key(1))
    let waiter = try store.wait(for: key(1))
    store.drop(file(1))
    #expect(store.wish(key(1)) == "join", "a page has one fill, dropped or not")
    unsafe write(key(1), to: fill.buffer)
    do {
      let lease = fill.commit(now: 1000)
      #expect(!store.contains(key(1)))
      guard case .hit(let joined) = await waiter.wait() else { throw Missing(key: key(1)) }
      #expect(unsafe isPattern(lease.bytes, of: key(1)) && isPattern(joined.bytes, of: key(1)))
      #expect(store.checkInvariants() == [])
    }
    #expect(store.used == 0)
    #expect(store.residentFiles() == [])
    #expect(store.checkInvariants() == [])
  }

  @Test("a file of few pages at high indices is dropped without visiting every index")
  func dropSparseFile() throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    store.put(key(1, .max), now: 1000)
    store.put(key(1, 3), now: 1000)
    store.put(key(2, 3), now: 1000)
    #expect(store.drop(file(1)) == 2 * size)
    #expect(store.contains(key(2, 3)))
    #expect(store.checkInvariants() == [])
  }

  @Test("eviction between watermarks frees the oldest pages and stops at its target or its limit")
  func watermarks() throws {
    let store = try PageStore(capacity: 8 * size, pageSize: size)
    for number in 0..<8 { store.put(key(number), now: UInt64(number + 1) * 1000) }
    #expect(store.evict(toUsed: 6 * size) == 2 * size)
    #expect(store.used == 6 * size)
    #expect(!store.contains(key(0)) && !store.contains(key(1)) && store.contains(key(2)))
    #expect(store.evict(toUsed: 0, limit: 1) == size)
    let held = try store.lease(key(7), now: 9000)
    #expect(store.evict(toUsed: 0) == 4 * size)
    #expect(store.used == size)
    #expect(held.count == size)
    #expect(store.checkInvariants() == [])
  }

  @Test("hits, misses and capacity are counted")
  func statistics() throws {
    let store = try PageStore(capacity: 8 * size, pageSize: size)
    #expect(store.statistics.capacity == 8 * size)
    store.put(key(0), now: 1000)
    for _ in 0..<3 { _ = try store.lease(key(0), now: 2000) }
    guard case .miss = store.lookup(key(1), now: 2000) else { throw Missing(key: key(1)) }
    let statistics = store.statistics
    #expect(statistics.hits == 3)
    #expect(statistics.misses == 1)
    #expect(statistics.fills == 1)
    #expect(statistics.pages == 1 && statistics.files == 1)
    #expect(statistics.pageBytes == size)
  }

  @Test("leases and fills outlive the store")
  func leaseOutlivesStore() throws {
    var store: PageStore? = try PageStore(capacity: 8 * size, pageSize: size)
    store?.put(key(0), now: 1000)
    let lease = try #require(store).lease(key(0), now: 2000)
    let fill = try #require(store).own(key(1))
    store = nil
    #expect(unsafe isPattern(lease.bytes, of: key(0)))
    unsafe write(key(1), to: fill.buffer)
    let other = fill.commit(now: 3000)
    #expect(unsafe isPattern(other.bytes, of: key(1)))
  }

  @Test("settings that cannot work are refused by name")
  func refusals() {
    let cases: [(Int, Int, PageStoreError.Code)] = [
      (1 << 30, 100_000, .pageSizeInvalid), (1 << 30, 32 << 10, .pageSizeInvalid),
      (1 << 30, 32 << 20, .pageSizeInvalid), (1 << 19, 1 << 20, .capacityTooSmall),
      (0, 1 << 20, .capacityTooSmall), (-5, 1 << 20, .capacityTooSmall),
      (16 << 40, 1 << 20, .capacityTooLarge),
    ]
    for (capacity, pageSize, code) in cases {
      let error = #expect(throws: PageStoreError.self) {
        _ = try PageStore(capacity: capacity, pageSize: pageSize)
      }
      #expect(error?.code == code)
    }
  }

  @Test("a page lands on the node asked for, and on another node only when that one is full")
  func nodes() throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size, nodes: [0, 1])
    for number in 0..<4 {
      guard case .owner(let fill) = store.fill(key(number), length: size, node: 1, now: 1000) else {
        throw Missing(key: key(number))
      }
      #expect(fill.node == (number < 2 ? 1 : 0))
      unsafe write(key(number), to: fill.buffer)
      let lease = fill.commit(now: 1000)
      #expect(lease.node == (number < 2 ? 1 : 0))
      #expect(unsafe isPattern(lease.bytes, of: key(number)))
    }
    #expect(store.checkInvariants() == [])
  }
}
