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
    #expect(LoadFilter(String(repeating: "a", count: LoadFilter.lengthMax + 1)) == nil)
  }
}
