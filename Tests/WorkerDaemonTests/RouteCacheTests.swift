import Testing

@testable import WorkerDaemon

@Suite("RouteCache")
struct RouteCacheTests {
  private func lookUp(_ cache: RouteCache, _ path: String, now: UInt64 = 1) -> FileRecord? {
    Array(path.utf8).withUnsafeBytes { cache.record(for: $0, now: now, generation: 0) }
  }

  @Test("a path finds its own record only, and only while that is fresh")
  func lookup() throws {
    let cache = RouteCache()
    var records: [(String, FileRecord)] = []
    for index in 0..<300 {
      let path = "/dir/file-\(index)"
      let record = try FileTableTests.record("f\(index)")
      Array(path.utf8).withUnsafeBytes { cache.insert(record, for: $0) }
      records.append((path, record))
    }
    var found = 0
    for (path, record) in records {
      guard let hit = lookUp(cache, path) else { continue }
      #expect(hit === record)
      found += 1
    }
    // Some share a place in the table; most do not.
    #expect(found > 250)
    #expect(lookUp(cache, "/dir/file") == nil)
    let (path, record) = records[299]
    #expect(lookUp(cache, path, now: 101) == nil)
    record.drop()
    #expect(lookUp(cache, path) == nil)
  }
}
