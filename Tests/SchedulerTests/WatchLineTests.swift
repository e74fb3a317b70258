// The line of `--watch`, in little room and in none.

import Model
import Testing

@testable import Scheduler

@Suite("Watch line")
struct WatchLineTests {
  private static let text = """
    {"jobState":"RUNNING","files":{"listed":12000,"loaded":4100,"skipped":90,"failed":2,"total":12000},
    "bytes":{"listed":4000000000,"loaded":1400000000,"total":4000000000},"retrying":3,"stuck":[
    {"worker":"worker-one.example:29999","path":"s3://bucket/データ/e\\u0301/long/name\\u0007","sinceMilliseconds":25000}]}
    """

  private func line() throws -> WatchLine {
    let counts = try JSONReader.parse(Array(Self.text.utf8))
    var estimate = RateEstimate()
    for second in 1...8 as ClosedRange<Int64> {
      estimate.add(second * 100_000_000, at: UInt64(second) * 1_000_000_000)
    }
    return WatchLine(counts, &estimate, at: 20_000_000_000, date: 100_000)
  }

  @Test("where there is room everything is said")
  func whole() throws {
    let text = try line().text
    #expect(
      text.hasPrefix(
        "RUNNING  [#######.............]  35 %  4192 of 12000 files  1335.14MB of 3814.70MB"))
    #expect(text.contains("MB/s (") && text.contains(" s left ("))
    #expect(
      text.contains("  2 failed  3 retrying  waits 75 s for worker-one.example:29999 at s3://"))
  }

  @Test("what has come of files under way counts for the bar and the rate")
  func arrived() throws {
    let text = Self.text.replacing(
      "\"retrying\":3", with: "\"retrying\":3,\"arrivedBytes\":600000000")
    var estimate = RateEstimate()
    let line = WatchLine(
      try JSONReader.parse(Array(text.utf8)), &estimate, at: 20_000_000_000, date: 100_000)
    #expect(
      line.text.hasPrefix(
        "RUNNING  [##########..........]  50 %  4192 of 12000 files  1907.35MB of 3814.70MB"),
      "\(line.text)")
  }

  @Test("without files there is no share of them, and an end knows only what it knows")
  func few() throws {
    func line(_ state: String, _ files: String) throws -> String {
      var estimate = RateEstimate()
      let counts = try JSONReader.parse(
        Array("{\"jobState\":\"\(state)\",\"files\":{\(files)},\"bytes\":{}}".utf8))
      return WatchLine(counts, &estimate, at: 1, date: 1).text
    }
    #expect(try line("WAITING", "\"listed\":0") == "WAITING  no files yet")
    #expect(try line("SUCCEEDED", "\"listed\":0,\"total\":0") == "SUCCEEDED  no files")
    #expect(try line("STOPPED", "\"listed\":0") == "STOPPED  no files")
    #expect(try line("STOPPED", "\"listed\":3,\"loaded\":3") == "STOPPED  3 files")
    #expect(try line("RUNNING", "\"listed\":5,\"loaded\":3") == "RUNNING  3 of 5 files")
    #expect(
      try line("STOPPED", "\"listed\":3,\"loaded\":3,\"total\":5").hasSuffix("  3 of 5 files"))
  }

  @Test("in any number of columns it takes one line, and the state is said first")
  func fits() throws {
    let line = try line()
    for columns in 0...300 {
      let text = line.text(columns: columns)
      #expect(ColumnText.width(of: text) <= columns)
      #expect(text.hasPrefix(String("RUNNING".prefix(columns))))
      #expect(!text.unicodeScalars.contains { $0.value < 0x20 })
    }
    let narrow = line.text(columns: 79)
    #expect(narrow.contains("35 %") && narrow.contains("2 failed"), "\(narrow)")
    #expect(narrow.contains("waits 75 s for worker-one"), "\(narrow)")
    let tiny = line.text(columns: 39)
    #expect(tiny.hasPrefix("RUNNING") && tiny.contains("2 failed"), "\(tiny)")
  }

  @Test("columns are counted as a terminal shows them")
  func columns() {
    #expect(ColumnText.width(of: "abc–é") == 5)
    #expect(ColumnText.width(of: "e\u{301}") == 1)
    #expect(ColumnText.width(of: "データ") == 6)
    #expect(ColumnText.cut("データ", columns: 5) == "デー")
    #expect(ColumnText.cut("abc", columns: 0).isEmpty)
    #expect(ColumnText.plain("a\r\nb\u{1b}[2J\u{202e}c") == "a?b?[2J?c")
  }
}
