// Time and order of the simulator itself.

import SimSupport
import Testing

@Suite("Simulated executor")
struct SimExecutorTests {
  /// Three tasks that wait for random times, and what they saw.
  private static func run(seed: UInt64) -> (hash: UInt64, order: [Int], end: UInt64) {
    let executor = SimExecutor(random: SimRandom(seed: seed))
    let log = Log()
    for number in 0..<3 {
      executor.spawn("task \(number)") {
        for _ in 0..<5 {
          await executor.wait(1000)
          log.order.append(number)
        }
      }
    }
    let outcome = executor.run(limit: 1_000_000)
    #expect(outcome == .quiescent)
    return (executor.trace.hash, log.order, executor.now)
  }

  private final class Log: @unchecked Sendable {
    var order: [Int] = []
    var continuation: UnsafeContinuation<Void, Never>?
  }

  @Test("one seed gives one order, and seeds differ")
  func repeats() {
    let first = Self.run(seed: 1)
    let second = Self.run(seed: 1)
    #expect(first == second)
    #expect(first.end == 1_000_000_000 + 5000, "five waits of all three at once")
    #expect((2..<10).contains { Self.run(seed: $0).order != first.order })
  }

  @Test("tasks that wait for what nobody will do are a deadlock, by name")
  func deadlock() {
    let executor = SimExecutor(random: SimRandom(seed: 1))
    let log = Log()
    executor.spawn("stuck") { await withUnsafeContinuation { log.continuation = $0 } }
    executor.spawn("fine") { await executor.wait(10) }
    #expect(executor.run(limit: 1000) == .deadlock(["stuck"]))
    log.continuation?.resume()
    #expect(executor.run(limit: 1000) == .quiescent)
  }

  @Test("a task that never ends is met by the limit of time, one that never waits by that of steps")
  func limits() {
    let executor = SimExecutor(random: SimRandom(seed: 1))
    let log = Log()
    executor.spawn("clock") { while log.order.isEmpty { await executor.wait(100) } }
    #expect(executor.run(limit: 10_000) == .timeLimit(["clock"]))
    executor.spawn("spin") { while log.order.isEmpty { await Task.yield() } }
    #expect(executor.run(limit: 10_000) == .livelock(["clock", "spin"]))
    log.order.append(1)
    #expect(executor.run(limit: 10_000) == .quiescent)
  }

  @Test("child tasks of a task run in the simulation too")
  func children() {
    let executor = SimExecutor(random: SimRandom(seed: 3))
    let log = Log()
    executor.spawn("parent") {
      await withTaskGroup(of: Int.self) { group in
        for number in 0..<4 {
          group.addTask {
            await executor.wait(UInt64(10 - number))
            return number
          }
        }
        for await number in group { log.order.append(number) }
      }
    }
    #expect(executor.run(limit: 1000) == .quiescent)
    #expect(log.order == [3, 2, 1, 0])
  }
}
