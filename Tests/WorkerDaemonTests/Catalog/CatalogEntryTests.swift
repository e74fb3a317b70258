import Model
import Testing

@testable import WorkerDaemon

@Suite("CatalogEntry")
struct CatalogEntryTests {
  @Test("an entry is decoded as it was encoded, and no prefix of it is one")
  func roundTrip() {
    let entry = CatalogEntry(
      key: FileKey(high: 1, low: 2), path: "/a", ufsPath: "s3://bkt/ü", token: "\"etag\"",
      length: .max, cachedAt: -5)
    let bytes = entry.encoded
    #expect(CatalogEntry(key: entry.key, path: "/a", decoding: bytes) == entry)
    for count in 0..<19 + 6 {
      #expect(CatalogEntry(key: entry.key, path: "/a", decoding: Array(bytes[..<count])) == nil)
    }
    #expect(CatalogEntry(key: entry.key, path: "/a", decoding: [2] + bytes.dropFirst()) == nil)
  }

  @Test("keys are read as they were made, and lie in their directory's range")
  func keys() {
    let key = FileKey(high: 0x0102_0304_0506_0708, low: .max)
    let bytes = CatalogKey.byPath("/a/ü", key)
    #expect(CatalogKey.parse(bytes)?.path == "/a/ü" && CatalogKey.parse(bytes)?.key == key)
    #expect(CatalogKey.parse(Array(bytes.dropLast())) == nil)
    let range = CatalogKey.range(of: RulePath("/a"))
    #expect(range.start.lexicographicallyPrecedes(bytes))
    #expect(bytes.lexicographicallyPrecedes(range.end))
  }
}
