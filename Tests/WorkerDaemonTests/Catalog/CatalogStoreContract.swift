import DaemonDriver
import Glibc
import Model
import Rocks
import Synchronization
import Testing

@testable import WorkerDaemon

/// What every store of the catalog promises.
struct CatalogStoreContract {
  let store: any CatalogStore

  private func key(_ number: UInt64) -> [UInt8] { Array("k\(number)".utf8) }

  /// Values are found, replaced and removed; a batch is in order.
  func values() throws {
    #expect(try store.value(of: [1, 0, 2]) == nil)
    try store.write([.put(key: [1, 0, 2], value: [7]), .put(key: [1], value: [])])
    #expect(try store.value(of: [1, 0, 2]) == [7])
    #expect(try store.value(of: [1]) == [])
    try store.write([.put(key: [1], value: [8]), .remove(key: [1]), .remove(key: [9])])
    #expect(try store.value(of: [1]) == nil)
    try store.write([.remove(key: [1, 0, 2]), .put(key: [1, 0, 2], value: [9])])
    #expect(try store.value(of: [1, 0, 2]) == [9])
    try store.write([])
  }

  /// Scans give what lies between two keys, by bytes, as far as asked.
  func scans() throws {
    let keys: [[UInt8]] = [[0x61], [0x61, 0], [0x61, 0xFF], [0x62], [0xC3, 0xA9], [0xFF]]
    try store.write(keys.map { .put(key: $0, value: $0) })
    let records = try store.scan(from: [0x61], before: [0xC4], limit: 100)
    #expect(records.map(\.key) == Array(keys[..<5]))
    #expect(records.map(\.value) == Array(keys[..<5]))
    #expect(try store.scan(from: [0x61, 0], before: [0x62], limit: 1).map(\.key) == [keys[1]])
    #expect(try store.scan(from: [0x63], before: [0x64], limit: 5).isEmpty)
    try store.write(keys.map { .remove(key: $0) })
    #expect(try store.scan(from: [0x61], before: [0xFF, 0xFF], limit: 5).isEmpty)
  }

  /// The store answers as a dictionary does.
  func model() throws {
    var random = SeededRandom(seed: 4_711)
    var model: [[UInt8]: [UInt8]] = [:]
    for step in 0..<2000 {
      let key = key(random.next() % 50)
      switch random.next() % 4 {
      case 0, 1:
        let value = Array("\(step)".utf8)
        try store.write([.put(key: key, value: value)])
        model[key] = value
      case 2:
        try store.write([.remove(key: key)])
        model[key] = nil
      default:
        #expect(try store.value(of: key) == model[key], "step \(step)")
      }
    }
    let records = try store.scan(from: Array("k".utf8), before: Array("l".utf8), limit: 1000)
    let sorted = model.keys.sorted { $0.lexicographicallyPrecedes($1) }
    #expect(records.map(\.key) == sorted)
    #expect(records.map(\.value) == sorted.map { model[$0] })
  }
}

@Suite("MemoryCatalogStore")
struct MemoryCatalogStoreTests {
  private let contract = CatalogStoreContract(store: MemoryCatalogStore())

  @Test("values are found, replaced and removed") func values() throws { try contract.values() }
  @Test("scans give what lies between two keys") func scans() throws { try contract.scans() }
  @Test("the store answers as a dictionary does") func model() throws { try contract.model() }
}

@Suite("SpillingCatalogStore")
struct SpillingCatalogStoreTests {
  private func contract(_ countMax: Int) -> CatalogStoreContract {
    CatalogStoreContract(
      store: SpillingCatalogStore(countMax: countMax) { .success(MemoryCatalogStore()) })
  }

  @Test("values are found, replaced and removed, before and after a move", arguments: [0, 1, 100])
  func values(_ countMax: Int) throws { try contract(countMax).values() }
  @Test("scans give what lies between two keys, before and after a move", arguments: [0, 2, 100])
  func scans(_ countMax: Int) throws { try contract(countMax).scans() }
  @Test("the store answers as a dictionary does, before and after a move", arguments: [0, 25, 100])
  func model(_ countMax: Int) throws { try contract(countMax).model() }

  @Test("when there is no database, what is there stays and no more is taken")
  func refused() throws {
    let store = SpillingCatalogStore(countMax: 1) { .failure(CatalogError("none")) }
    try store.write([.put(key: [1], value: [1]), .put(key: [2], value: [2])])
    #expect(throws: CatalogError.self) { try store.write([.put(key: [3], value: [3])]) }
    #expect(try store.value(of: [2]) == [2])
    #expect(try store.value(of: [3]) == nil)
  }

  @Test("what a worker's memory catalog leaves on the disk is gone with the next")
  func temporary() throws {
    let scratch = try ScratchDirectory("catalog")
    for life in 0..<2 {
      let store = OpenedCatalog.temporary(directory: scratch.path)
      let batch = (0...SpillingCatalogStore.countMax).map {
        CatalogWrite.put(key: Array("\($0)".utf8), value: [UInt8(life)])
      }
      try store.write(batch)
      #expect(access(scratch.path("catalog-memory"), F_OK) == (life == 0 ? -1 : 0))
      try store.write([.put(key: Array("a".utf8), value: [1]), .remove(key: Array("0".utf8))])
      #expect(access(scratch.path("catalog-memory"), F_OK) == 0)
      #expect(try store.value(of: Array("40000".utf8)) == [UInt8(life)])
      #expect(try store.value(of: Array("0".utf8)) == nil)
      try store.write([.put(key: Array("b\(life)".utf8), value: [1])])
      #expect(try store.value(of: Array("b0".utf8)) == (life == 0 ? [1] : nil))
    }
  }
}

@Suite("RocksCatalogStore")
struct RocksCatalogStoreTests {
  private func with(_ body: (CatalogStoreContract) throws -> Void) throws {
    let scratch = try ScratchDirectory("catalog")
    var options = RocksCatalogStore.Options()
    options.hasBloomFilter = true
    try body(
      CatalogStoreContract(
        store: try RocksCatalogStore(path: scratch.path("db"), options: options)))
  }

  @Test("values are found, replaced and removed")
  func values() throws { try with { try $0.values() } }
  @Test("scans give what lies between two keys")
  func scans() throws { try with { try $0.scans() } }
  @Test("the store answers as a dictionary does")
  func model() throws { try with { try $0.model() } }

  @Test("a catalog finds after a restart what it was told before")
  func reopen() throws {
    let scratch = try ScratchDirectory("catalog")
    func open() throws -> FileCatalog {
      let opened = try OpenedCatalog(directory: scratch.path, key: "key", options: .init())
      #expect(opened.complaint == nil)
      return FileCatalog(store: opened.store)
    }
    do {
      let catalog = try open()
      for index in 0..<100 {
        catalog.note(FileCatalogTests.entry("/d/\(index)", key: UInt64(index), cachedAt: 7))
      }
      catalog.close()
    }
    let catalog = try open()
    #expect(try catalog.list(RulePath("/d"), limit: 1000).entries.count == 100)
    let entry = FileCatalogTests.entry("/d/5", key: 5, cachedAt: 7)
    #expect(catalog.entry(of: entry.key) == entry)
  }

  @Test("a database in use is a refusal that names it, and stays as it is")
  func inUse() throws {
    let scratch = try ScratchDirectory("catalog")
    let first = try OpenedCatalog(directory: scratch.path, key: "the.key", options: .init())
    do {
      _ = try OpenedCatalog(directory: scratch.path, key: "the.key", options: .init())
      Issue.record("two workers share a catalog")
    } catch {
      #expect(error.code == .directory && error.description.contains("the.key"), "\(error)")
    }
    try first.store.write([.put(key: [1], value: [2])])
    #expect(try first.store.value(of: [1]) == [2])
  }

  @Test("a damaged database is moved aside with all its bytes, and a new one begins")
  func damaged() throws {
    let scratch = try ScratchDirectory("catalog")
    let path = scratch.path("catalog")
    do {
      let opened = try OpenedCatalog(directory: scratch.path, key: "key", options: .init())
      try opened.store.write([.put(key: [1], value: [2])])
      opened.store.close()
    }
    try writeBytes(Array("garbage\n".utf8), to: "\(path)/CURRENT")
    do {
      let opened = try OpenedCatalog(directory: scratch.path, key: "key", options: .init())
      #expect(opened.complaint?.contains("\(path).damaged-0") == true, "\(opened.complaint ?? "")")
      #expect(try opened.store.value(of: [1]) == nil)
      #expect(access("\(path).damaged-0/CURRENT", F_OK) == 0)
    }
    // Its format is another version's: the same.
    do {
      let store = try RocksCatalogStore(path: path)
      try store.write([.put(key: [0], value: [99])])
      store.close()
    }
    let opened = try OpenedCatalog(directory: scratch.path, key: "key", options: .init())
    #expect(opened.complaint?.contains("\(path).damaged-1") == true)
  }
}
