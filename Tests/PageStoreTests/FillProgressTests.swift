// What those who wait see of a page before it is whole, and who keeps its memory.

import Model
import PageStore
import Testing

extension FillWaiter {
  /// Bytes published so far, once there are `end`; -1 when the fill has ended, -2 when the wait was called off.
  mutating func count(upTo end: Int) async -> Int {
    switch await progress(upTo: end) {
    case .bytes(let bytes): bytes.count
    case .ended: -1
    case .late: -2
    }
  }
}

@Suite("Fill progress")
struct FillProgressTests {
  private let size = 64 << 10

  @Test("a waiter sees the first bytes of a page while the rest is missing, then gets the page")
  func firstBytes() async throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    let fill = try store.own(key(1))
    var waiter = try store.wait(for: key(1))
    unsafe write(key(1), to: fill.buffer)
    fill.publish(upTo: 4096)
    #expect(await waiter.count(upTo: 1) == 4096)
    #expect(await waiter.count(upTo: 4096) == 4096)
    fill.publish(upTo: 8192)
    fill.publish(upTo: 100)
    #expect(await waiter.count(upTo: 4097) == 8192, "what was published stays published")
    #expect(!store.contains(key(1)), "look-ups find whole pages only")
    #expect(store.checkInvariants() == [])
    _ = fill.commit(now: 1000)
    #expect(await waiter.count(upTo: 8193) == -1)
    #expect(await waiter.result(of: key(1)) == "hit")
    #expect(store.evict(toUsed: 0) == size, "no pin is left")
    #expect(store.checkInvariants() == [])
  }

  @Test("a waiter that is suspended goes on as soon as its bytes are there, and not before")
  func suspended() async throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    let fill = try store.own(key(1))
    let waiter = Held(try store.wait(for: key(1)))
    let task = Task { () -> Int in
      guard var waiter = waiter.take() else { return 0 }
      return await waiter.count(upTo: 5000)
    }
    unsafe write(key(1), to: fill.buffer)
    fill.publish(upTo: 4096)
    fill.publish(upTo: 6000)
    #expect(await task.value == 6000)
    fill.fail(.abandoned)
    #expect(store.used == 0)
    #expect(store.checkInvariants() == [])
  }

  @Test("the memory of a failed fill is given to nobody while someone looks at it")
  func failureKeepsMemory() async throws {
    let store = try PageStore(capacity: size, pageSize: size)
    let fill = try store.own(key(1))
    var waiter = try store.wait(for: key(1))
    unsafe write(key(1), to: fill.buffer)
    fill.publish(upTo: size)
    guard case .bytes(let bytes) = await waiter.progress(upTo: 1) else {
      Issue.record("the bytes are there")
      return
    }
    fill.fail(.source(Oops()))
    #expect(store.used == size)
    #expect(store.statistics.doomedPages == 1)
    #expect(store.checkInvariants() == [])
    guard case .rejected(.full) = store.fill(key(2), length: size) else {
      Issue.record("the only page's memory is in use")
      return
    }
    #expect(unsafe isPattern(bytes, of: key(1)))
    #expect(await waiter.result(of: key(1)) == "source Oops()")
    #expect(store.used == 0)
    store.put(key(2), now: 1000)
    #expect(store.checkInvariants() == [])
  }

  @Test("a waiter that looked and leaves holds nothing, whenever it leaves")
  func leaving() async throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    do {
      let fill = try store.own(key(1))
      do {
        var waiter = try store.wait(for: key(1))
        fill.publish(upTo: 1)
        #expect(await waiter.count(upTo: 1) == 1)
        let isAwaited = fill.isAwaited
        #expect(isAwaited)
      }
      let isAwaited = fill.isAwaited
      #expect(!isAwaited)
      #expect(store.checkInvariants() == [])
    }
    #expect(store.used == 0)
    let fill = try store.own(key(2))
    var after = Optional(try store.wait(for: key(2)))
    unsafe write(key(2), to: fill.buffer)
    fill.publish(upTo: 1)
    let early = await after?.count(upTo: 1)
    #expect(early == 1)
    store.drop(page: key(2))
    _ = fill.commit(now: 1000)
    #expect(store.used == size)
    after = nil
    #expect(store.used == 0)
    let other = try store.own(key(3))
    var last = Optional(try store.wait(for: key(3)))
    other.publish(upTo: 1)
    let late = await last?.count(upTo: 1)
    #expect(late == 1)
    other.fail(.abandoned)
    #expect(store.used == size)
    last = nil
    #expect(store.used == 0)
    #expect(store.checkInvariants() == [])
  }

  @Test("a filler may wait like everybody else")
  func ownWaiter() async throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    let fill = try store.own(key(1))
    let before = fill.isAwaited
    let joined = fill.join()
    let after = fill.isAwaited
    #expect(!before)
    #expect(after)
    guard let waiter = joined else {
      Issue.record("there is room for a waiter")
      return
    }
    unsafe write(key(1), to: fill.buffer)
    _ = fill.commit(now: 1000)
    #expect(await waiter.result(of: key(1)) == "hit")
    #expect(store.checkInvariants() == [])
  }

  @Test("a waiter with a pin may outlive the store")
  func outlivesStore() async throws {
    var store: PageStore? = try PageStore(capacity: 4 * size, pageSize: size)
    let fill = try #require(store).own(key(1))
    var waiter = try #require(store).wait(for: key(1))
    unsafe write(key(1), to: fill.buffer)
    fill.publish(upTo: size)
    store = nil
    #expect(await waiter.count(upTo: 1) == size)
    fill.fail(.abandoned)
    #expect(await waiter.result(of: key(1)) == "abandoned")
  }
}
