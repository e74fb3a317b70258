// One fill per page: each interleaving of filler and waiters, forced.

import Model
import PageStore
import Synchronization
import Testing

@Suite("Single flight") @MainActor
struct SingleFlightTests {
  private let size = 64 << 10

  /// Starts a task that waits for `key` and lets it run until it is suspended: the main actor runs its tasks one at a time.
  private func suspended(_ waiter: consuming FillWaiter, for key: PageKey) async -> Task<
    String, Never
  > {
    let held = Held(waiter)
    let started = Held<Bool>(true)
    let task = Task { @MainActor in
      _ = started.take()
      guard let waiter = held.take() else { return "no waiter" }
      return await waiter.result(of: key)
    }
    // The task waits without a suspension between taking `started` and being queued with the fill.
    while let value = started.take() {
      started.put(value)
      await Task.yield()
    }
    return task
  }

  @Test("those suspended when the fill commits all get the page, with leases of their own")
  func commitWakesAll() async throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    let fill = try store.own(key(1))
    var tasks: [Task<String, Never>] = []
    for _ in 0..<5 { tasks.append(await suspended(try store.wait(for: key(1)), for: key(1))) }
    unsafe write(key(1), to: fill.buffer)
    _ = fill.commit(now: 1000)
    for task in tasks { #expect(await task.value == "hit") }
    #expect(store.statistics.joins == 5)
    #expect(store.statistics.fills == 1)
    #expect(store.evict(toUsed: 0) == size, "no pin is left")
    #expect(store.checkInvariants() == [])
  }

  @Test("a waiter that waits only after the commit gets the page, evicted or not")
  func waitAfterCommit() async throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    let fill = try store.own(key(1))
    let waiter = try store.wait(for: key(1))
    unsafe write(key(1), to: fill.buffer)
    _ = fill.commit(now: 1000)
    #expect(store.evict(toUsed: 0) == 0, "the waiter's pin holds the page")
    store.drop(page: key(1))
    #expect(await waiter.result(of: key(1)) == "hit")
    #expect(store.used == 0)
    #expect(store.checkInvariants() == [])
  }

  @Test("a fill that fails wakes all who wait with its reason, and one of them may fill again")
  func failureWakesAll() async throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    let fill = try store.own(key(1))
    let early = await suspended(try store.wait(for: key(1)), for: key(1))
    let late = try store.wait(for: key(1))
    fill.fail(.source(Oops()))
    #expect(await early.value == "source Oops()")
    #expect(store.used == 0)
    let again = try store.own(key(1))
    #expect(store.wish(key(1)) == "join")
    #expect(await late.result(of: key(1)) == "source Oops()", "the old fill's end, not the new one")
    unsafe write(key(1), to: again.buffer)
    _ = again.commit(now: 1000)
    #expect(store.contains(key(1)))
    #expect(store.checkInvariants() == [])
  }

  @Test("a filler that goes away wakes those who wait, and never leaves a page marked valid")
  func abandoned() async throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    var task: Task<String, Never>?
    do {
      let fill = try store.own(key(1))
      task = await suspended(try store.wait(for: key(1)), for: key(1))
      #expect(unsafe fill.buffer.count == size)
    }
    #expect(await task?.value == "abandoned")
    #expect(!store.contains(key(1)))
    #expect(store.used == 0)
    #expect(store.checkInvariants() == [])
  }

  @Test("a filler cancelled in the middle of its bytes leaves no page")
  func cancelled() async throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    let gate = Held<Bool>(true)
    let task = Task { @MainActor in
      guard case .owner(let fill) = store.fill(key(1), length: size, now: 0) else { return }
      unsafe fill.buffer.storeBytes(of: 1, as: UInt8.self)
      _ = gate.take()
      while !Task.isCancelled { await Task.yield() }
    }
    while let value = gate.take() {
      gate.put(value)
      await Task.yield()
    }
    let waiter = try store.wait(for: key(1))
    task.cancel()
    #expect(await waiter.result(of: key(1)) == "abandoned")
    #expect(!store.contains(key(1)))
    #expect(store.used == 0)
  }

  @Test("a waiter that leaves, before or after the end, holds nothing")
  func leaving() throws {
    let store = try PageStore(capacity: 4 * size, pageSize: size)
    let fill = try store.own(key(1))
    _ = try store.wait(for: key(1))
    let second = try store.wait(for: key(1))
    unsafe write(key(1), to: fill.buffer)
    _ = fill.commit(now: 1000)
    _ = consume second
    #expect(store.evict(toUsed: 0) == size)
    let other = try store.own(key(2))
    let third = try store.wait(for: key(2))
    other.fail(.abandoned)
    _ = consume third
    #expect(store.used == 0)
    #expect(store.checkInvariants() == [])
  }

  @Test("a waiter may outlive the store and a failed fill")
  func waiterOutlivesStore() async throws {
    var store: PageStore? = try PageStore(capacity: 4 * size, pageSize: size)
    let fill = try #require(store).own(key(1))
    let waiter = try #require(store).wait(for: key(1))
    store = nil
    fill.fail(.abandoned)
    #expect(await waiter.result(of: key(1)) == "abandoned")
  }

  @Test("of many readers of one missing page on many threads one fills, and all get its bytes")
  func stampede() async throws {
    let store = try PageStore(capacity: 64 * size, pageSize: size)
    for round in 0..<50 {
      let owners = Counter()
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<16 {
          group.addTask { await Self.read(key(round), from: store, 64 << 10, owners) }
        }
        for await isRight in group { #expect(isRight) }
      }
      #expect(owners.value.load(ordering: .relaxed) == 1)
    }
    #expect(store.statistics.fills == 50)
    #expect(store.checkInvariants() == [])
  }

  @Test("readers that meet a fill without room are told so, on every thread")
  func stampedeWithoutRoom() async throws {
    let store = try PageStore(capacity: size, pageSize: size)
    store.put(key(0), now: 1000)
    let lease = try store.lease(key(0))
    for round in 1...50 {
      await withTaskGroup(of: String.self) { group in
        for _ in 0..<8 {
          group.addTask {
            switch store.fill(key(round), length: 64 << 10) {
            case .stored: return "stored"
            case .rejected(let reason): return "rejected \(reason)"
            case .join(let waiter): return await waiter.result(of: key(round))
            default: return "a page"
            }
          }
        }
        for await answer in group { #expect(answer == "rejected full") }
      }
    }
    #expect(unsafe isPattern(lease.bytes, of: key(0)))
    #expect(store.used == size)
    #expect(store.checkInvariants() == [])
  }

  /// Reads `key`, filling it when nobody else does; true when the bytes are right.
  private nonisolated static func read(
    _ key: PageKey, from store: PageStore, _ length: Int, _ owners: Counter
  ) async -> Bool {
    switch store.fill(key, length: length) {
    case .hit(let lease): return unsafe isPattern(lease.bytes, of: key)
    case .stored: return false
    case .owner(let fill):
      owners.value.add(1, ordering: .relaxed)
      await Task.yield()
      unsafe write(key, to: fill.buffer)
      let lease = fill.commit()
      return unsafe isPattern(lease.bytes, of: key)
    case .join(let waiter): return await waiter.result(of: key) == "hit"
    case .rejected: return false
    }
  }
}

/// A source's error.
struct Oops: Error {}

/// A count that many tasks share.
final class Counter: Sendable {
  let value = Atomic<Int>(0)
}
