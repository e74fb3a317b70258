// Which submissions the log tells.

import Scheduler
import Testing

@testable import WorkerDaemon

@Suite("Submission log")
struct SubmissionLogTests {
  @Test("of a storm a hundred a second are told, and the others by number and range")
  func storm() {
    var log = SubmissionLog()
    var told = 0
    let start: UInt64 = 7_000_000_000
    for number in 0..<1000 as Range<UInt64> {
      if log.isTold(JobID(high: 1, low: number), at: start + number) { told += 1 }
    }
    #expect(told == SubmissionLog.countMax)
    #expect(log.due == start + 1_000_000_000)
    let early = log.takeLeftOut(at: start + 999_999_999)
    #expect(early == nil)
    let rest = log.takeLeftOut(at: start + 1_000_000_000)
    #expect(
      rest
        == SubmissionLog.LeftOut(
          count: 900, first: JobID(high: 1, low: 100), last: JobID(high: 1, low: 999)))
    let (due, again) = (log.due, log.takeLeftOut(at: start + 2_000_000_000))
    #expect(due == nil && again == nil)
    let next = log.isTold(JobID(high: 2, low: 0), at: start + 2_000_000_000)
    #expect(next)
  }
}
