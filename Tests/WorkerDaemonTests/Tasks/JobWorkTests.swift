import Model
import Scheduler
import Testing

@testable import WorkerDaemon

@Suite("JobWork")
struct JobWorkTests {
  private static func entry(_ number: UInt64, _ length: Int64 = 100) -> JobWork.Entry {
    JobWork.Entry(key: FileKey(high: number, low: 1), length: length)
  }

  /// A job's work in its first pass, with three files, while `departures` pages have left the cache.
  private static func work(departures: UInt64 = 5, continues: Bool = false) -> JobWork {
    let work = JobWork(bandwidth: nil, now: 0)
    work.begin(pass: 0, continues: continues, now: 0, departures: departures)
    for number in 1...3 as ClosedRange<UInt64> { work.note(entry(number)) }
    return work
  }

  @Test("files that left the cache are told as long as they are gone")
  func lost() {
    let work = Self.work()
    func finding(_ departures: UInt64, without number: UInt64?) -> JobWork.Finding {
      work.finding(pass: 0, departures: departures, capacity: 1000) {
        $0.key.high == number ? 30 : 100
      }
    }
    let missing = JobWork.Finding.missing(FileCount(files: 1, bytes: 70), fits: true)
    #expect(finding(6, without: 2) == missing)
    #expect(finding(6, without: 2) == missing)
    #expect(finding(6, without: nil) == .holds)
    #expect(finding(7, without: 3) == missing)
  }

  @Test("nothing is looked at while no page has left the cache")
  func quiet() {
    let work = Self.work()
    #expect(work.finding(pass: 0, departures: 5, capacity: 1000) { _ in 0 } == .holds)
    #expect(work.finding(pass: 0, departures: 9, capacity: 1000) { _ in 100 } == .holds)
    #expect(work.finding(pass: 0, departures: 9, capacity: 1000) { _ in 0 } == .holds)
  }

  @Test("what never could be in the cache at once is told so; a file noted twice counts once")
  func tooLarge() {
    let work = Self.work()
    let three = FileCount(files: 3, bytes: 300)
    #expect(
      work.finding(pass: 0, departures: 6, capacity: 299) { _ in 0 }
        == .missing(three, fits: false))
    work.note(Self.entry(1))
    let four = FileCount(files: 4, bytes: 400)
    #expect(
      work.finding(pass: 0, departures: 6, capacity: 300) { _ in 0 } == .missing(four, fits: true))
  }

  @Test("of another pass, or of one whose beginning was forgotten, nothing can be said")
  func unknown() {
    #expect(Self.work().finding(pass: 1, departures: 5, capacity: 1000) { _ in 100 } == .unknown)
    let resumed = Self.work(continues: true)
    #expect(resumed.finding(pass: 0, departures: 5, capacity: 1000) { _ in 100 } == .unknown)
    resumed.begin(pass: 1, continues: false, now: 1, departures: 7)
    #expect(resumed.finding(pass: 1, departures: 8, capacity: 1000) { _ in 0 } == .holds)
  }
}
