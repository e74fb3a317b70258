// The parts of worker-bench that decide something.

import BenchSupport
import Testing

@testable import worker_bench

@Suite("What the benches compute")
struct WorkerBenchTests {
  @Test("a sample has exactly the size asked for, distinct names, and is the same each time")
  func samplePlans() {
    for size in [1 << 20, 64 << 20, 1 << 30] {
      let plan = samplePlan(size: size, seed: 1)
      #expect(plan.reduce(0) { $0 + $1.size } == size)
      #expect(plan.allSatisfy { $0.size >= 0 })
      #expect(Set(plan.map(\.path)).count == plan.count)
      #expect(plan.map(\.seed) == samplePlan(size: size, seed: 1).map(\.seed))
      #expect(plan.map(\.size) != samplePlan(size: size, seed: 2).map(\.size))
    }
  }

  @Test("JSON shows whole numbers as such, and what is no number as null")
  func jsonNumbers() {
    #expect(jsonNumber(0) == "0" && jsonNumber(1_048_576) == "1048576" && jsonNumber(-3) == "-3")
    #expect(jsonNumber(0.25) == "0.25" && jsonNumber(1e300) == "1e+300")
    #expect(jsonNumber(.nan) == "null" && jsonNumber(-.infinity) == "null")
  }

  @Test("the commit is that of the program's folder, wherever the bench is started")
  func commit() {
    let commit = Machine.commit(of: [Machine.programFolder])
    #expect(commit.prefix { $0.isHexDigit }.count >= 7, "\(commit)")
    #expect(Machine.commit(of: ["", "/proc"]) == "unknown")
  }

  @Test("sizes are read in powers of 1024", arguments: [("1GiB", 1 << 30), ("64m", 64 << 20)])
  func sizes(text: String, bytes: Int) {
    #expect(ByteSize(argument: text)?.bytes == bytes)
  }

  @Test("what is no size is refused", arguments: ["", "GiB", "1X", "-1", "99999999999TiB"])
  func noSizes(text: String) {
    #expect(ByteSize(argument: text) == nil)
  }

  @Test("numbers are printed with the decimals asked for")
  func decimals() {
    #expect(fixed(1.005, 1) == "1.0")
    #expect(fixed(0.049, 2) == "0.05")
    #expect(fixed(-2.5, 1) == "-2.5")
    #expect(fixed(12345.6, 0) == "12346")
    #expect(fixed(.nan, 2) == "-")
  }

  @Test("the median of an even number of values is the mean of the middle two")
  func medians() {
    #expect(middle(of: [3, 1, 2]) == 2)
    #expect(middle(of: [4, 1, 3, 2]) == 2.5)
    #expect(middle(of: []).isNaN)
  }

  @Test("wrk's figures are read, and its errors refused")
  func wrk() throws {
    let text = """
      Running 2s test @ http://127.0.0.1:1/x
        1 threads and 32 connections
        Latency Distribution
           50%  321.00us
           99%    6.93ms
        65315 requests in 2.01s, 272.33MB read
      Requests/sec:  32546.74
      """
    let run = try WrkRun(parsing: text)
    #expect(run.requestCount == 65315 && run.p99 == 6.93)
    #expect(abs(run.duration - 2.01) < 1e-9)
    #expect(throws: (any Error).self) {
      try WrkRun(parsing: text + "\n  Non-2xx or 3xx responses: 3")
    }
    #expect(throws: (any Error).self) { try WrkRun(parsing: "nothing") }
    #expect(WrkRun.milliseconds("1.50m") == 90_000)
    #expect(WrkRun.milliseconds("2.00s") == 2000)
  }

  @Test("a load report is read plain or as text inside of JSON")
  func loadReports() {
    let plain = LoadFigures(#"{"mLoadedByteCount":17,"mTotalByteCount":40}"#)
    #expect(plain.loaded == 17 && plain.total == 40)
    let nested = LoadFigures(#"{"message":"{\"mLoadedByteCount\":17}"}"#)
    #expect(nested.loaded == 17 && nested.total == 17)
    #expect(textValue("jobState", in: #"{"jobState":"RUNNING"}"#) == "RUNNING")
  }
}
