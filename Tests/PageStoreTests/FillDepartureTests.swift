// Waiters that leave before their page is there, and fillers that are told of it.

import Model
import Ring
import Synchronization
import Testing

@testable import PageStore

@Suite("Departures from a fill")
struct FillDepartureTests {
  private let size = 64 << 10

  @Test("a cancelled task waits no longer, for bytes or for the page, and holds nothing")
  func cancelled() async throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    let fill = try store.own(key(1))
    let (first, second) = (
      Held(try store.wait(for: key(1))), Held(try store.wait(for: key(1)))
    )
    let bytes = Task { () -> Int in
      guard var waiter = first.take() else { return 0 }
      return await waiter.count(upTo: 5000)
    }
    let page = Task { () -> Bool in
      guard let waiter = second.take() else { return false }
      guard case .failed(.abandoned) = await waiter.wait() else { return false }
      return true
    }
    bytes.cancel()
    page.cancel()
    #expect(await bytes.value == -2)
    #expect(await page.value)
    let isAwaited = fill.isAwaited
    #expect(!isAwaited)
    unsafe write(key(1), to: fill.buffer)
    _ = fill.commit(now: 1000)
    #expect(store.evict(toUsed: 0) == size, "no pin is left")
    #expect(store.checkInvariants() == [])
  }

  @Test("a wait with a limit ends at it, and what came is still to be had")
  func limited() async throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    let group = try ReactorGroup(count: 1, pinned: false)
    defer { group.stop() }
    let fill = try store.own(key(1))
    let held = Held(try store.wait(for: key(1)))
    unsafe write(key(1), to: fill.buffer)
    fill.publish(upTo: 100)
    let counts = await group.reactors[0].run { () -> [Int] in
      guard var waiter = held.take() else { return [] }
      var counts: [Int] = []
      for end in [101, 100] {
        switch await waiter.progress(upTo: end, within: .milliseconds(5)) {
        case .bytes(let bytes): counts.append(bytes.count)
        case .ended: counts.append(-1)
        case .late: counts.append(-2)
        }
      }
      return counts
    }
    #expect(counts == [-2, 100])
    fill.fail(.abandoned)
    #expect(store.used == 0)
    #expect(store.checkInvariants() == [])
  }

  @Test("a filler hears once that nobody waits: at once, with the last to leave, or never")
  func unawaited() async throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    let heard = Mutex(0)
    let note: @Sendable () -> Void = { heard.withLock { $0 += 1 } }
    let alone = try store.own(key(1))
    alone.watch.whenUnawaited(note)
    #expect(heard.withLock { $0 } == 1)
    alone.fail(.abandoned)

    let shared = try store.own(key(2))
    let watch = shared.watch
    do {
      let first = try store.wait(for: key(2))
      do {
        let second = try store.wait(for: key(2))
        watch.whenUnawaited(note)
        _ = consume second
      }
      #expect(heard.withLock { $0 } == 1, "one is left")
      _ = consume first
    }
    #expect(heard.withLock { $0 } == 2)
    unsafe write(key(2), to: shared.buffer)
    _ = shared.commit(now: 1000)

    let ended = try store.own(key(3))
    let late = ended.watch
    let waiter = try store.wait(for: key(3))
    late.whenUnawaited(note)
    ended.fail(.abandoned)
    _ = consume waiter
    late.whenUnawaited(note)
    #expect(heard.withLock { $0 } == 2, "the fill had ended")
    #expect(store.checkInvariants() == [])
  }

  @Test("who joins a fill knows whether its filler is in no hurry")
  func background() throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    let fill = try store.own(key(1))
    let early = try store.wait(for: key(1))
    let before = early.isBackground
    fill.markBackground()
    let after = early.isBackground
    #expect(!before && after)
  }
}
