// Waits with a limit.

import Ring
import Synchronization
import Testing
import WorkerDaemon

@Suite struct DeadlineTests {
  @Test("what is in time gives its result")
  func inTime() async throws {
    let group = try ReactorGroup(count: 1, pinned: false)
    defer { group.stop() }
    let result = await group.reactors[0].run {
      await Deadline.run(.seconds(60)) { 7 }
    }
    #expect(result == 7)
  }

  @Test("what is late gives nil at the limit, and still goes on to its own end")
  func late() async throws {
    let group = try ReactorGroup(count: 1, pinned: false)
    defer { group.stop() }
    let reactor = group.reactors[0]
    let ended = AsyncStream<Void>.makeStream()
    let held = Mutex<CheckedContinuation<Void, Never>?>(nil)
    let result: Int? = await reactor.run {
      await Deadline.run(.milliseconds(5)) {
        await withCheckedContinuation { continuation in held.withLock { $0 = continuation } }
        ended.continuation.yield()
        return 7
      }
    }
    #expect(result == nil)
    held.withLock { $0 }?.resume()
    var events = ended.stream.makeAsyncIterator()
    await events.next()
  }
}
