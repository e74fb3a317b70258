import DaemonDriver
import Model
import Synchronization
import Testing

@testable import WorkerDaemon

/// A store that fails when told to.
final class FailingCatalogStore: CatalogStore {
  let inner = MemoryCatalogStore()
  let fails = Atomic(false)
  let refusesWrites = Atomic(false)
  /// Batches that are taken before the next is refused.
  let batchesLeft = Atomic(Int.max)
  let largestBatch = Atomic(0)

  private func check() throws(CatalogError) {
    if fails.load(ordering: .relaxed) { throw CatalogError("told to fail") }
  }
  func value(of key: [UInt8]) throws(CatalogError) -> [UInt8]? {
    try check()
    return try inner.value(of: key)
  }
  func write(_ batch: [CatalogWrite]) throws(CatalogError) {
    try check()
    if refusesWrites.load(ordering: .relaxed) { throw CatalogError("told to refuse") }
    guard batchesLeft.subtract(1, ordering: .relaxed).newValue >= 0 else {
      throw CatalogError("told to refuse this batch")
    }
    largestBatch.max(batch.count, ordering: .relaxed)
    try inner.write(batch)
  }
  func scan(
    from start: [UInt8], before end: [UInt8], limit: Int
  ) throws(CatalogError) -> [CatalogRecord] {
    try check()
    return try inner.scan(from: start, before: end, limit: limit)
  }
  func close() {}
}

@Suite("FileCatalog")
struct FileCatalogTests {
  static func entry(_ path: String, key: UInt64, cachedAt: Int64 = 1000) -> CatalogEntry {
    CatalogEntry(
      key: FileKey(high: key, low: ~key), path: path, ufsPath: "file:///d\(path)",
      token: "t\(key)", length: Int64(key), cachedAt: cachedAt)
  }

  private func paths(
    _ catalog: FileCatalog, _ path: String, limit: Int = 100
  ) throws -> [String] {
    var found: [String] = []
    var cursor: [UInt8]?
    repeat {
      let listing = try catalog.list(RulePath(path), from: cursor, limit: limit)
      found += listing.entries.map(\.path)
      cursor = listing.next
    } while cursor != nil
    return found
  }

  @Test("a note is found at once and after it was written; an earlier one counts")
  func note() throws {
    let catalog = FileCatalog()
    let first = Self.entry("/a/b", key: 1)
    catalog.note(first)
    #expect(catalog.hasChanges && catalog.entry(of: first.key) == first)
    try catalog.flush()
    #expect(!catalog.hasChanges && catalog.entry(of: first.key) == first)
    catalog.note(Self.entry("/a/b", key: 1, cachedAt: 2000))
    #expect(catalog.entry(of: first.key)?.cachedAt == 1000)
    try catalog.flush()
    #expect(catalog.entry(of: first.key)?.cachedAt == 1000)
  }

  @Test("many changes are written in short pieces, and a piece that is refused loses none of them")
  func pieces() throws {
    let store = FailingCatalogStore()
    let catalog = FileCatalog(store: store)
    for index in 0..<1000 { catalog.note(Self.entry("/a/\(index)", key: UInt64(index))) }
    try catalog.flush()
    #expect(store.largestBatch.load(ordering: .relaxed) <= 64)
    // Half of them leave, as many come, and the writing breaks off in the middle, twice.
    for index in 0..<500 { catalog.remove(Self.entry("/a/\(index)", key: UInt64(index)).key) }
    for index in 1000..<1500 { catalog.note(Self.entry("/b/\(index)", key: UInt64(index))) }
    for _ in 0..<2 {
      store.batchesLeft.store(7, ordering: .relaxed)
      #expect(throws: CatalogError.self) { try catalog.flush() }
      #expect(catalog.hasChanges)
    }
    store.batchesLeft.store(.max, ordering: .relaxed)
    try catalog.flush()
    #expect(!catalog.hasChanges)
    #expect(try Set(paths(catalog, "/a")) == Set((500..<1000).map { "/a/\($0)" }))
    #expect(try Set(paths(catalog, "/b")) == Set((1000..<1500).map { "/b/\($0)" }))
  }

  @Test("a removed file is gone at once, and young when it comes back")
  func remove() throws {
    let catalog = FileCatalog()
    let first = Self.entry("/a", key: 1)
    catalog.note(first)
    try catalog.flush()
    catalog.remove(first.key)
    #expect(catalog.entry(of: first.key) == nil)
    catalog.note(Self.entry("/a", key: 1, cachedAt: 5000))
    #expect(catalog.entry(of: first.key)?.cachedAt == 5000)
    try catalog.flush()
    #expect(catalog.entry(of: first.key)?.cachedAt == 5000)
    catalog.remove(first.key)
    try catalog.flush()
    #expect(catalog.entry(of: first.key) == nil)
    #expect(try paths(catalog, "/").isEmpty)
  }

  @Test("a directory's files are listed by path, in parts, and nothing beside it")
  func list() throws {
    let catalog = FileCatalog()
    let names = ["/a", "/a!/x", "/a/1", "/a/2/x", "/a/2/y", "/a0", "/ab/z", "/b"]
    for (index, name) in names.enumerated() { catalog.note(Self.entry(name, key: UInt64(index))) }
    for limit in [1, 2, 3, 100] {
      #expect(try paths(catalog, "/a", limit: limit) == ["/a", "/a/1", "/a/2/x", "/a/2/y"])
      #expect(try paths(catalog, "/", limit: limit).count == names.count)
      #expect(try paths(catalog, "/a/2/x", limit: limit) == ["/a/2/x"])
    }
    #expect(try paths(catalog, "/c").isEmpty)
  }

  @Test("two versions of a file are two entries")
  func versions() throws {
    let catalog = FileCatalog()
    catalog.note(Self.entry("/a", key: 1))
    catalog.note(Self.entry("/a", key: 2))
    #expect(try paths(catalog, "/a") == ["/a", "/a"])
  }

  @Test("a file that another mount shows elsewhere is listed there and keeps its age")
  func moved() throws {
    let catalog = FileCatalog()
    catalog.note(Self.entry("/old/a", key: 1, cachedAt: 1000))
    try catalog.flush()
    catalog.note(Self.entry("/new/a", key: 1, cachedAt: 9000))
    #expect(try paths(catalog, "/") == ["/new/a"])
    #expect(catalog.entry(of: FileKey(high: 1, low: ~1))?.cachedAt == 1000)
  }

  @Test("another catalog over the same store finds everything")
  func reopen() throws {
    let store = MemoryCatalogStore()
    let catalog = FileCatalog(store: store)
    for index in 0..<50 { catalog.note(Self.entry("/d/\(index)", key: UInt64(index))) }
    catalog.close()
    let again = FileCatalog(store: store)
    #expect(try paths(again, "/d", limit: 7).count == 50)
    #expect(again.entry(of: FileKey(high: 7, low: ~7)) == Self.entry("/d/7", key: 7))
  }

  @Test("while the store takes no changes, those that wait are listed in their places")
  func refusedWrites() throws {
    let store = FailingCatalogStore()
    let catalog = FileCatalog(store: store)
    for index in 0..<9 as Range<UInt64> where index % 2 == 0 {
      catalog.note(Self.entry("/d/\(index)", key: index))
    }
    try catalog.flush()
    store.refusesWrites.store(true, ordering: .relaxed)
    for index in 0..<9 as Range<UInt64> where index % 2 == 1 {
      catalog.note(Self.entry("/d/\(index)", key: index))
    }
    catalog.note(Self.entry("/e", key: 20))
    catalog.remove(FileKey(high: 4, low: ~4))
    let expected = [0, 1, 2, 3, 5, 6, 7, 8].map { "/d/\($0)" }
    for limit in [1, 2, 3, 100] { #expect(try paths(catalog, "/d", limit: limit) == expected) }
    store.refusesWrites.store(false, ordering: .relaxed)
    #expect(try paths(catalog, "/d", limit: 2) == expected)
  }

  @Test("a store that fails loses nothing that waits, and is counted")
  func failures() throws {
    let store = FailingCatalogStore()
    let catalog = FileCatalog(store: store)
    let first = Self.entry("/a", key: 1)
    catalog.note(first)
    store.fails.store(true, ordering: .relaxed)
    #expect(throws: CatalogError.self) { try catalog.flush() }
    #expect(throws: CatalogError.self) { try catalog.list(.root, limit: 10) }
    #expect(catalog.hasChanges && catalog.entry(of: first.key) == first)
    store.fails.store(false, ordering: .relaxed)
    #expect(try paths(catalog, "/") == ["/a"])
    #expect(catalog.counters.failures > 0)
  }

  @Test("a damaged record is removed and counted, and hides no other")
  func damage() throws {
    let store = MemoryCatalogStore()
    let catalog = FileCatalog(store: store)
    catalog.note(Self.entry("/a", key: 1))
    catalog.note(Self.entry("/b", key: 2))
    try catalog.flush()
    try store.write([
      .put(key: CatalogKey.byPath("/a", FileKey(high: 1, low: ~1)), value: [1, 2, 3]),
      .put(key: Array("fxx".utf8), value: []),
    ])
    #expect(try paths(catalog, "/") == ["/b"])
    #expect(catalog.counters.damaged == 2)
    #expect(catalog.entry(of: FileKey(high: 1, low: ~1)) == nil)
    #expect(try paths(catalog, "/") == ["/b"])
    #expect(catalog.counters.damaged == 2)
  }

  @Test("notes beyond the bound are counted as lost")
  func bound() {
    let catalog = FileCatalog(changeCountMax: 10)
    for index in 0..<15 { catalog.note(Self.entry("/d", key: UInt64(index))) }
    #expect(catalog.counters.lost == 5)
    // Removals are no more than notes.
    catalog.remove(FileKey(high: 3, low: ~3))
    #expect(catalog.entry(of: FileKey(high: 3, low: ~3)) == nil && catalog.counters.lost == 5)
  }

  @Test("the catalog answers as a dictionary does, whatever order things come in")
  func model() throws {
    var random = SeededRandom(seed: 20_261_121)
    let store = FailingCatalogStore()
    var catalog = FileCatalog(store: store)
    var model: [UInt64: CatalogEntry] = [:]
    for step in 0..<4000 {
      let key = random.next() % 20
      let entry = Self.entry("/d/\(key)", key: key, cachedAt: Int64(step))
      switch random.next() % 8 {
      case 0, 1, 2:
        catalog.note(entry)
        if model[key] == nil { model[key] = entry }
      case 3:
        catalog.remove(entry.key)
        model[key] = nil
      case 4:
        store.fails.store(random.next() % 2 == 0, ordering: .relaxed)
        try? catalog.flush()
        store.fails.store(false, ordering: .relaxed)
      case 5:
        let listed = try catalog.list(RulePath("/d"), limit: 100).entries
        #expect(Set(listed.map(\.key)) == Set(model.values.map(\.key)), "step \(step)")
      case 6 where random.next() % 8 == 0:
        catalog.close()
        catalog = FileCatalog(store: store)
      default: #expect(catalog.entry(of: entry.key) == model[key], "step \(step)")
      }
    }
  }
}
