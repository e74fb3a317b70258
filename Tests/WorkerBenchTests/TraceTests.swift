// Traces as text, as pages, and made from seeds.

import DaemonDriver
import Testing

@testable import worker_bench

@Suite("Traces")
struct TraceTests {
  @Test("text becomes requests, and requests the same text")
  func roundTrip() throws {
    let text =
      "\(Trace.header)\n0,a,0,10\n5,\"b, \"\"c\"\"\",4096,1\n5,a,10,20\n"
    let trace = try Trace(csv: text)
    #expect(trace.files == ["a", "b, \"c\""])
    #expect(trace.lengths == [30, 4097])
    #expect(trace.requests.map(\.file) == [0, 1, 0])
    #expect(trace.requests.map(\.time) == [0, 5, 5])
    #expect(trace.byteCount == 31)
    #expect(trace.csv == text)
    let foreign = text.split(separator: "\n").joined(separator: "\r\n")
    #expect(try Trace(csv: foreign) == trace)
  }

  @Test("names that differ in bytes only are two files")
  func exactNames() throws {
    let trace = try Trace(csv: "\(Trace.header)\n0,\u{e9},0,1\n0,e\u{301},0,1\n")
    #expect(trace.files.count == 2)
  }

  @Test(
    "a line out of form is named with its number",
    arguments: [
      ("", 1, .noHeader), ("file,offset\n", 1, .noHeader), ("time,file,offset,length\n", 2, .empty),
      ("time,file,offset,length\n1,a,0\n", 2, .fieldCount(3)),
      ("time,file,offset,length\n1,a,0,1,\n", 2, .fieldCount(5)),
      ("time,file,offset,length\n1,a,0,1\n2,\"a,0,1\n", 3, .badQuotes),
      ("time,file,offset,length\n1,\"a\"b,0,1\n", 2, .badQuotes),
      ("time,file,offset,length\n1,,0,1\n", 2, .noFile),
      ("time,file,offset,length\n-1,a,0,1\n", 2, .badNumber(field: "time")),
      ("time,file,offset,length\n1,a,+1,1\n", 2, .badNumber(field: "offset")),
      ("time,file,offset,length\n1,a,0,1.5\n", 2, .badNumber(field: "length")),
      ("time,file,offset,length\n1,a,,1\n", 2, .badNumber(field: "offset")),
      (
        "time,file,offset,length\n1,a,99999999999999999999,1\n", 2, .badNumber(field: "offset")
      ),
      ("time,file,offset,length\n1,a,9223372036854775807,1\n", 2, .badRange),
      ("time,file,offset,length\n1,a,0,0\n", 2, .badRange),
      ("time,file,offset,length\n2,a,0,1\n\n1,a,0,1\n", 4, .timeGoesBack),
    ] as [(String, Int, TraceError.Problem)])
  func malformed(text: String, line: Int, problem: TraceError.Problem) {
    #expect(throws: TraceError(line: line, problem: problem)) { try Trace(csv: text) }
    #expect(TraceError(line: line, problem: problem).description.hasPrefix("line \(line): "))
  }

  @Test("a read becomes the pages it touches, the last page as short as its file")
  func pages() throws {
    var trace = Trace()
    trace.append(time: 0, file: "a", offset: 65535, length: 2)
    trace.append(time: 1, file: "a", offset: 131072, length: 4097)
    trace.append(time: 2, file: "a", offset: 0, length: 1)
    let pages = try #require(TracePages(trace, pageSize: 65536))
    #expect(pages.pages.map(\.index) == [0, 1, 2])
    #expect(pages.pages.map(\.units) == [16, 16, 2])
    #expect(pages.accesses.map(\.page) == [0, 1, 2, 0])
    #expect(pages.accesses.map(\.bytes) == [1, 1, 4097, 1])
    #expect(pages.requests == [0..<2, 2..<3, 3..<4])
    let large = try #require(TracePages(trace, pageSize: 1 << 20))
    #expect(large.pages.map(\.units) == [3])
  }

  @Test("a request of absurd length is refused, not expanded")
  func absurd() {
    var trace = Trace()
    trace.append(time: 0, file: "a", offset: 0, length: .max)
    #expect(TracePages(trace, pageSize: 65536) == nil)
  }

  @Test("the shipped traces are those of their generators")
  func shipped() throws {
    let zipf = GeneratedTrace.zipf(requestCount: 8500, fileCount: 800, exponent: 0.9, seed: 1)
    #expect(try shippedText("zipf") == zipf.csv)
    let epochs = GeneratedTrace.epochs(epochCount: 8, fileCount: 330, seed: 1)
    #expect(try shippedText("epochs") == epochs.csv)
  }

  @Test("in every epoch each byte is read once, and the order differs", arguments: [1, 2, 99])
  func epochs(seed: UInt64) throws {
    let trace = GeneratedTrace.epochs(epochCount: 3, fileCount: 20, seed: seed)
    let perEpoch = trace.requests.count / 3
    var orders: [[Int]] = []
    for epoch in 0..<3 {
      let requests = trace.requests[epoch * perEpoch..<(epoch + 1) * perEpoch]
      #expect(requests.reduce(0) { $0 + $1.length } == trace.lengths.reduce(0, +), "SEED=\(seed)")
      #expect(Set(requests.map(\.file)).count == 20)
      orders.append(requests.map(\.file))
    }
    #expect(orders[0] != orders[1] && orders[1] != orders[2], "SEED=\(seed)")
  }

  @Test("with an exponent of 0 all files are equal, with 2 the first has most")
  func skew() {
    func shareOfTop(_ exponent: Double) -> Double {
      let trace = GeneratedTrace.zipf(
        requestCount: 20_000, fileCount: 100, exponent: exponent, seed: 3)
      var counts = [Int](repeating: 0, count: trace.files.count)
      for request in trace.requests { counts[request.file] += 1 }
      return Double(counts.max() ?? 0) / 20_000
    }
    #expect(shareOfTop(0) < 0.02)
    // 1 / ζ(2) is 0.61.
    #expect(abs(shareOfTop(2) - 0.61) < 0.02)
  }

  private func shippedText(_ name: String) throws -> String {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()
    return try readText("\(root)/Benchmarks/Traces/\(name).csv")
  }
}
