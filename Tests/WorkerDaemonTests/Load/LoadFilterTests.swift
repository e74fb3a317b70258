// File filters.

import Testing
import WorkerDaemon

@Suite struct LoadFilterTests {
  @Test("a filter keeps names that match wholly; a pattern that is none is refused")
  func filters() throws {
    let filter = try #require(LoadFilter(#"part-\d+\.parquet"#))
    #expect(filter.keeps("part-00001.parquet"))
    #expect(!filter.keeps("part-00001.parquet.tmp"))
    #expect(LoadFilter("(") == nil)
    #expect(LoadFilter.problem(of: "(")?.contains("pattern '('") == true)
    #expect(LoadFilter(String(repeating: "a", count: LoadFilter.lengthMax + 1)) == nil)
  }

  @Test("a pattern that engines with backtracking never finish costs nothing")
  func nested() throws {
    let filter = try #require(LoadFilter("(a+)+b"))
    let name = String(repeating: "a", count: 5000)
    #expect(!filter.keeps(name + "c"))
    #expect(filter.keeps(name + "b"))
  }
}
