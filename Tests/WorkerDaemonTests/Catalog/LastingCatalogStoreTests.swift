import DaemonDriver
import Synchronization
import Testing

@testable import WorkerDaemon

@Suite("LastingCatalogStore")
struct LastingCatalogStoreTests {
  private let full = CatalogError("no room", isFull: true)

  @Test("on a full disk it is read, refuses writes, and is opened anew when a pause is over")
  func atStart() throws {
    let stage = Stage()
    try stage.memory.write([.put(key: [1], value: [2])])
    stage.refuse(full)
    let store = try stage.store()
    #expect(store.refusal == full)
    #expect(try store.value(of: [1]) == [2])
    #expect(throws: full) { try store.write([.put(key: [1], value: [3])]) }
    stage.refuse(nil)
    #expect(throws: full) { try store.write([.put(key: [1], value: [3])]) }
    stage.pass(1000)
    try store.write([.put(key: [1], value: [3])])
    #expect(store.refusal == nil)
    #expect(try store.scan(from: [], before: [9], limit: 9).map(\.value) == [[3]])
    #expect(stage.openCount == 2)
  }

  @Test("while the disk stays full the pauses get longer")
  func pauses() throws {
    let stage = Stage()
    stage.refuse(full)
    let store = try stage.store()
    for _ in 0..<40 {
      stage.pass(500)
      #expect(throws: full) { try store.write([]) }
    }
    // At 1, 3, 7 and 15 thousand.
    #expect(stage.openCount == 1 + 4)
  }

  @Test("after a write that fails it is read, and opened anew for a later one")
  func inUse() throws {
    let stage = Stage()
    let store = try stage.store()
    try store.write([.put(key: [1], value: [2])])
    stage.refuse(full)
    #expect(throws: full) { try store.write([.put(key: [2], value: [2])]) }
    #expect(store.refusal == full)
    #expect(try store.value(of: [1]) == [2])
    stage.refuse(nil)
    stage.pass(1000)
    try store.write([.put(key: [2], value: [3])])
    #expect(try store.value(of: [2]) == [3])
  }

  @Test("what is no full disk is no start, and what is not there is empty")
  func others() throws {
    let stage = Stage()
    stage.refuse(CatalogError("in use"))
    #expect(throws: CatalogError("in use")) { try stage.store() }
    stage.refuse(full)
    let store = try LastingCatalogStore(now: { 0 }) { isReadOnly in
      isReadOnly ? .success(nil) : .failure(CatalogError("no room", isFull: true))
    }
    #expect(try store.value(of: [1]) == nil)
    #expect(try store.scan(from: [], before: [9], limit: 9).isEmpty)
  }

  @Test("a database in a directory is made, and its records are there the next time")
  func directory() throws {
    let scratch = try ScratchDirectory("catalog")
    let path = scratch.path("a/b/catalog")
    var store = try LastingCatalogStore(path: path, options: .init())
    try store.write([.put(key: [1], value: [2])])
    store.close()
    store = try LastingCatalogStore(path: path + "2", options: .init())
    #expect(try store.value(of: [1]) == nil)
    let reader = try RocksCatalogStore(path: path, isReadOnly: true)
    #expect(try reader.value(of: [1]) == [2])
    #expect(try reader.scan(from: [1], before: [2], limit: 2).map(\.key) == [[1]])
    #expect(throws: CatalogError.self) { try reader.write([]) }
  }
}

/// A database in memory whose disk is full when told so, and a clock.
private final class Stage: Sendable {
  let memory = MemoryCatalogStore()
  private let state = Mutex((refusal: CatalogError?.none, time: UInt64(0), openCount: 0))

  var openCount: Int { state.withLock { $0.openCount } }

  func refuse(_ error: CatalogError?) { state.withLock { $0.refusal = error } }

  func pass(_ time: UInt64) { state.withLock { $0.time += time } }

  func store() throws(CatalogError) -> LastingCatalogStore {
    try LastingCatalogStore(pause: 1000, now: { self.state.withLock { $0.time } }) { isReadOnly in
      if isReadOnly { return .success(self.memory) }
      let refusal = self.state.withLock { state in
        state.openCount += 1
        return state.refusal
      }
      return refusal.map { .failure($0) } ?? .success(RefusingStore(self))
    }
  }

  fileprivate var refusal: CatalogError? { state.withLock { $0.refusal } }
}

/// The stage's records, written only while its disk has room.
private final class RefusingStore: CatalogStore {
  private let stage: Stage

  init(_ stage: Stage) { self.stage = stage }

  func value(of key: [UInt8]) throws(CatalogError) -> [UInt8]? {
    try stage.memory.value(of: key)
  }

  func write(_ batch: [CatalogWrite]) throws(CatalogError) {
    if let refusal = stage.refusal { throw refusal }
    try stage.memory.write(batch)
  }

  func scan(
    from start: [UInt8], before end: [UInt8], limit: Int
  ) throws(CatalogError) -> [CatalogRecord] {
    try stage.memory.scan(from: start, before: end, limit: limit)
  }

  func close() {}
}
