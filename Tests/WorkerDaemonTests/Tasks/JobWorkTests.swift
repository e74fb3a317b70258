import Model
import Testing

@testable import WorkerDaemon

@Suite("JobWork")
struct JobWorkTests {
  private static func key(_ number: UInt64) -> FileKey { FileKey(high: number, low: 1) }

  @Test("files that left the cache are told once, and those that stay are looked at again")
  func lost() {
    let work = JobWork(bandwidth: nil, now: 0)
    for number in 1...3 as ClosedRange<UInt64> {
      work.note(JobWork.Entry(key: Self.key(number), length: 100))
    }
    let first = work.takeLost(evictions: 1, now: 1) { $0 == Self.key(2) ? 30 : 100 }
    #expect(first == (1, 70))
    let second = work.takeLost(evictions: 2, now: 2) { _ in 0 }
    #expect(second == (2, 200))
    #expect(work.takeLost(evictions: 3, now: 3) { _ in 0 } == (0, 0))
  }

  @Test("nothing is looked at while nothing was evicted")
  func quiet() {
    let work = JobWork(bandwidth: nil, now: 0)
    work.note(JobWork.Entry(key: Self.key(1), length: 100))
    #expect(work.takeLost(evictions: 5, now: 1) { _ in 100 } == (0, 0))
    #expect(work.takeLost(evictions: 5, now: 2) { _ in 0 } == (0, 0))
    #expect(work.takeLost(evictions: 6, now: 3) { _ in 0 } == (1, 100))
  }
}
