// Console lines, dates, rates and lists of failed files.

import Model
import Testing

@testable import Scheduler

@Suite struct ReportTextTests {
  private let id = JobID(high: 0x1c84_9041_ef26_7ed7, low: 0x932a_af25_4975_4d7a)

  @Test("the console says what the reference says, with its exit codes")
  func console() {
    let load = JobSpecification(.load, .paths(["s3://b/d"]))
    #expect(
      ConsoleLine.submitted(load, id).text
        == "Load 's3://b/d' is successfully submitted. "
        + "JobId: 1c849041-ef26-7ed7-932a-af2549754d7a")
    #expect(ConsoleLine.alreadyRunning(load).text == "Load already running for path 's3://b/d' ")
    #expect(ConsoleLine.alreadyRunning(load).code == 0)
    #expect(ConsoleLine.stopped(.load, "p").text == "Load 'p' is successfully stopped.")
    #expect(
      ConsoleLine.nothingToStop(.load, "p").text
        == "Cannot find load job for path p, it might have already been stopped or finished")
    #expect(
      ConsoleLine.progressHeading(JobRecord(id: id, load, submittedAt: 0)).text
        == "Progress for loading path 's3://b/d':")
    let copy = JobSpecification(.copy, .transfer(source: "a", destination: "b"))
    #expect(
      ConsoleLine.progressHeading(JobRecord(id: id, copy, submittedAt: 0)).text
        == "Progress for jobId 1c849041-ef26-7ed7-932a-af2549754d7a copying path 'a' to 'b':")
    #expect(ConsoleLine.notFound(.load, "p").text == "Load for path 'p' cannot be found.")
    #expect(ConsoleLine.notFound(.load, "p").code == -2)
    #expect(ConsoleLine.failure("x").code == -1)
    #expect(ConsoleLine.noRerun.text == "UnavailableException: Job ETCD is not enabled")
  }

  @Test("dates are those of the calendar")
  func dates() {
    #expect(DateText.iso(0) == "1970-01-01T00:00:00.000+00:00")
    #expect(DateText.iso(951_782_400_001) == "2000-02-29T00:00:00.001+00:00")
    #expect(DateText.iso(-1) == "1969-12-31T23:59:59.999+00:00")
    #expect(DateText.line(0) == "Thu Jan 01 00:00:00 UTC 1970")
    #expect(DateText.fileName(1_795_251_900_120) == "2026_11_21_09:05:00")
    #expect(DateText.clock(milliseconds: 360_000_999) == "100:00:00")
    #expect(DateText.clock(milliseconds: -5) == "00:00:00")
    #expect(!DateText.iso(.min).isEmpty && !DateText.iso(.max).isEmpty)
  }

  @Test("the list of failed files is named after path and end, and has a line a file")
  func failedList() {
    var record = JobRecord(
      id: id, JobSpecification(.load, .paths(["s3://b/dir é"])), submittedAt: 1_795_251_900_120)
    #expect(FailedList.name(of: record) == "s3___b_dir____2026_11_21_09:05:00")
    record.endedAt = 951_782_400_001
    #expect(FailedList.name(of: record).hasSuffix("_2000_02_29_00:00:00"))
    record.specification.target = .paths([String(repeating: "x", count: 5000)])
    #expect(FailedList.name(of: record).utf8.count < 255)
    #expect(
      FailedList.line(FailedFile(path: "a\tb", length: 1, reason: "x\ny")) == "a b\tx y\n")
  }

  @Test("a job is found by the files below its paths, by bytes")
  func standings() {
    var load = JobSpecification(.load, .paths(["s3://b/d/", "s3://b/one"]))
    let paths: [(String, PathStanding?)] = [
      ("s3://b/d", .named), ("s3://b/d/", .named), ("s3://b/d/x", .below), ("s3://b/d/x/y", .below),
      ("s3://b/dx", nil), ("s3://b/one", .named), ("s3://b", nil),
    ]
    for (path, standing) in paths { #expect(load.standing(of: path) == standing, "\(path)") }
    load.options.recursive = false
    #expect(load.standing(of: "s3://b/d/x") == .below)
    #expect(load.standing(of: "s3://b/d/x/y") == nil)
    let copy = JobSpecification(.copy, .transfer(source: "s3://a", destination: "s3://b"))
    #expect(copy.standing(of: "s3://a/x") == .below && copy.standing(of: "s3://b/x") == .below)
    #expect(copy.standing(of: "s3://c") == nil)
    #expect(JobSpecification(.load, .index("s3://b/list")).standing(of: "s3://b/list/x") == nil)
  }

  @Test("a rate has bounds, and the time to the end follows from them")
  func rate() {
    var estimate = RateEstimate(window: .seconds(8))
    #expect(estimate.rate == nil && estimate.remaining(to: 10) == nil)
    var total: Int64 = 0
    for second in 0...8 as ClosedRange<UInt64> {
      estimate.add(total, at: second * 1_000_000_000)
      total += second % 2 == 0 ? 10 : 10
    }
    #expect(estimate.rate == RateEstimate.Rate(mean: 10, low: 10, high: 10))
    #expect(estimate.remaining(to: 180) == RateEstimate.Remaining(mean: 10, low: 10, high: 10))
    for second in 9...12 as ClosedRange<UInt64> { estimate.add(80, at: second * 1_000_000_000) }
    #expect(estimate.rate?.low == 0)
    #expect(estimate.remaining(to: 180)?.high == nil)
    estimate.add(3, at: 13_000_000_000)
    #expect(estimate.rate == nil)
  }
}
