import DaemonDriver
import Glibc
import Ring
import Testing

@testable import WorkerDaemon

@Suite("PresenceCheck", .timeLimit(.minutes(1)))
struct PresenceCheckTests {
  @Test("one question is out at a time, has an age, and the last answer holds until the next")
  func ages() async throws {
    let scratch = try ScratchDirectory("presence")
    let path = scratch.path("pages")
    try writeBytes([1], to: path)
    let place = try #require(VolumePresence(path))
    let check = PresenceCheck(place)
    let pool = try BlockingPool(name: "test", threads: 1)
    defer { pool.stop() }
    let gate = ThreadGate()
    pool.submit { gate.wait() }
    check.ask(pool, now: 100)
    check.ask(pool, now: 200)
    #expect(check.age(now: 350) == 250 && check.isThere)
    unlink(path)
    gate.open()
    await pool.run {}
    #expect(check.age(now: 400) == nil && !check.isThere)
  }

  @Test("a stop keeps a third of its time, ten seconds at most, for pages")
  func budget() {
    #expect(StopBudget(.seconds(6), from: 5).drain == .seconds(4))
    #expect(StopBudget(.seconds(120), from: 0).drain == .seconds(110))
    #expect(StopBudget(.seconds(6), from: 5).deadline == 6_000_000_005)
    #expect(StopBudget(.seconds(6), from: .max).deadline == .max)
  }

  @Test("jobs and policies get half of what draining leaves, the catalog a second more than all")
  func shares() {
    let budget = StopBudget(.seconds(6), from: 5)
    #expect(budget.work == 5_000_000_005 && budget.closing == 7_000_000_005)
    #expect(StopBudget(.seconds(6), from: .max).closing == .max)
  }

  @Test("a gate lets one through that came before it was opened, or after")
  func gate() async {
    let gate = StopGate()
    async let passed: Void = gate.wait()
    gate.open()
    await passed
    gate.open()
    await gate.wait()
  }
}

/// Holds a thread of a pool until it is opened.
final class ThreadGate: @unchecked Sendable {
  // SAFETY: POSIX semaphores are made to be shared by threads.
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
  init() { sem_init(semaphore, 0, 0) }
  deinit { semaphore.deallocate() }
  func wait() { sem_wait(semaphore) }
  func open() { sem_post(semaphore) }
}
