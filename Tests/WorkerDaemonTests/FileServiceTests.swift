import HTTPWire
import Model
import PageStore
import Ring
import Synchronization
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

/// A service over one in-memory file system, with what a test needs to steer it.
struct ServiceFixture: Sendable {
  let group: ReactorGroup
  let ufs: FakeUFS
  let files: FileService
  let pageSize = 64 << 10

  init(
    capacity: Int = 8 << 20, validity: Duration = .seconds(3600), rings: Int = 1,
    ufs: FakeUFS = FakeUFS()
  ) throws {
    self.ufs = ufs
    group = try ReactorGroup(count: rings, pinned: false)
    var options = FileService.Options()
    options.statusValidity = validity
    options.absenceValidity = validity
    files = FileService(
      mounts: try TestMounts.table(ufs),
      store: try PageStore(capacity: capacity, pageSize: pageSize),
      reactors: group.reactors, options: options)
  }

  /// A service over `store` that obeys `policies`.
  init(store: PageStore, policies: CachePolicies) throws {
    ufs = FakeUFS()
    group = try ReactorGroup(count: 1, pinned: false)
    files = FileService(
      mounts: try TestMounts.table(ufs), store: store, reactors: group.reactors,
      policies: policies)
  }

  /// Runs `body` on ring `index`.
  func run<T: Sendable>(
    on index: Int = 0, _ body: @escaping @Sendable () async throws -> T
  ) async throws -> T {
    try await group.reactors[index].run { () async -> Result<T, any Error> in
      do { return .success(try await body()) } catch { return .failure(error) }
    }.get()
  }

  /// All bytes of a file through the read path.
  func read(_ path: String) async throws -> [UInt8] {
    let record = try await files.record(ofAlluxioPath: path)
    return try await read(record)
  }

  /// All bytes of a record through the read path.
  func read(_ record: FileRecord) async throws -> [UInt8] {
    var holder = ReaderHolder()
    var bytes: [UInt8] = []
    for index in 0..<files.pageCount(of: record.length) {
      let length = files.pageLength(index, of: record.length)
      var done = 0
      while done < length {
        let access = try await files.access(
          record, page: index, wanted: done..<length, reader: &holder)
        switch consume access {
        case .hit(let lease): bytes += Array(lease.bytes[done..<length]); done = length
        case .filled(let lease): bytes += Array(lease.bytes[done..<length]); done = length
        case .transient(let page): bytes += Array(page.bytes[done..<length]); done = length
        case .stored(let buffer): bytes += Array(buffer.bytes); done += buffer.count
        case .passedThrough(let buffer): bytes += Array(buffer.bytes); done += buffer.count
        case .filling: Issue.record("whole pages are waited for")
        }
      }
    }
    await holder.close()
    return bytes
  }

  func stop() { group.stop() }
}

/// `count` bytes that tell their place and their `seed`.
func pattern(_ count: Int, seed: UInt8) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 8)) ^ seed }
}

@Suite("FileService")
struct FileServiceTests {
  @Test("bytes come from the UFS once and from the cache afterwards")
  func coldThenWarm() async throws {
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    let bytes = pattern(300_000, seed: 1)
    fixture.ufs.put("a", bytes, token: "v1")
    let first = try await fixture.run { try await fixture.read("/a") }
    #expect(first == bytes)
    let reads = fixture.ufs.readCount
    #expect(reads == 5)
    #expect(try await fixture.run { try await fixture.read("/a") } == bytes)
    #expect(fixture.ufs.readCount == reads)
  }

  @Test("a status is asked for once within its validity, and again after it")
  func validity() async throws {
    let fixture = try ServiceFixture(validity: .seconds(20))
    defer { fixture.stop() }
    fixture.ufs.put("a", [1, 2, 3], token: "v1")
    try await fixture.run {
      let reactor = try #require(Reactor.current)
      let record = try await fixture.files.record(ofAlluxioPath: "/a")
      for (age, count) in [(0, 1), (10, 1), (20, 2), (0, 2), (21, 3)] {
        record.confirm(now: reactor.now - UInt64(age) * 1_000_000_000)
        #expect(try await fixture.files.record(ofAlluxioPath: "/a") === record)
        #expect(fixture.ufs.statusCount == count, "after \(age) s")
      }
    }
  }

  @Test(
    "a new version is served new once the status is no longer valid, and the old pages are gone")
  func newVersion() async throws {
    let fixture = try ServiceFixture(validity: .zero)
    defer { fixture.stop() }
    let old = pattern(100_000, seed: 1)
    let new = pattern(100_000, seed: 2)
    fixture.ufs.put("a", old, token: "v1")
    let record = try await fixture.run { () async throws -> FileRecord in
      #expect(try await fixture.read("/a") == old)
      return try await fixture.files.record(ofAlluxioPath: "/a")
    }
    #expect(fixture.files.residentBytes(of: record) == 100_000)
    fixture.ufs.put("a", new, token: "v2")
    #expect(try await fixture.run { try await fixture.read("/a") } == new)
    #expect(fixture.files.residentBytes(of: record) == 0)
  }

  @Test("a reader in the middle of a file that changes gets an error, never a mix")
  func changeMidRead() async throws {
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(300_000, seed: 1), token: "v1")
    try await fixture.run {
      let record = try await fixture.files.record(ofAlluxioPath: "/a")
      var holder = ReaderHolder()
      _ = try await fixture.files.access(record, page: 0, wanted: 0..<10, reader: &holder)
      fixture.ufs.put("a", pattern(300_000, seed: 2), token: "v2")
      do {
        _ = try await fixture.files.access(record, page: 1, wanted: 0..<10, reader: &holder)
        Issue.record("the changed file must not be read on")
      } catch {
        #expect((error as? UFSError)?.code == .changed)
      }
      // The change was noticed: the next request asks anew and reads the new version.
      #expect(try await fixture.read("/a") == pattern(300_000, seed: 2))
    }
  }

  @Test("a file that changed too recently is served and not cached")
  func unsettled() async throws {
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    let bytes = pattern(70_000, seed: 3)
    fixture.ufs.put("a", bytes, token: "v1", isSettled: false)
    try await fixture.run {
      #expect(try await fixture.read("/a") == bytes)
      let record = try await fixture.files.record(ofAlluxioPath: "/a")
      #expect(fixture.files.residentBytes(of: record) == 0)
      #expect(try await fixture.files.load(record, pages: 0..<2) == .unsettled)
      fixture.ufs.put("a", bytes, token: "v1")
      #expect(
        try await fixture.files.load(record, pages: 0..<2) == .cached(filled: 70_000, resident: 0))
      #expect(
        try await fixture.files.load(record, pages: 0..<2) == .cached(filled: 0, resident: 70_000))
    }
  }

  @Test("who holds a page that may not be kept, such as for a slow client, holds up nobody else")
  func unsettledHeld() async throws {
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    let bytes = pattern(60_000, seed: 3)
    fixture.ufs.put("a", bytes, token: "v1", isSettled: false)
    try await fixture.run {
      let record = try await fixture.files.record(ofAlluxioPath: "/a")
      var holder = ReaderHolder()
      let access = try await fixture.files.access(
        record, page: 0, wanted: 0..<60_000, reader: &holder)
      guard case .transient(let page) = consume access else {
        Issue.record("the page may not be kept")
        return
      }
      #expect(try await fixture.read("/a") == bytes)
      // Its memory is nobody else's before the holder is done.
      let held = Array(page.bytes)
      #expect(held == bytes)
      await holder.close()
    }
    #expect(fixture.files.store.used == 0)
    #expect(fixture.files.store.checkInvariants().isEmpty)
  }

  @Test("a store whose pages are all in use lets reads pass through, right to the byte")
  func passThrough() async throws {
    let fixture = try ServiceFixture(capacity: 64 << 10)
    defer { fixture.stop() }
    let held = pattern(65536, seed: 4)
    let other = pattern(200_000, seed: 5)
    fixture.ufs.put("held", held, token: "v1")
    fixture.ufs.put("other", other, token: "v1")
    try await fixture.run {
      let record = try await fixture.files.record(ofAlluxioPath: "/held")
      var holder = ReaderHolder()
      let access = try await fixture.files.access(record, page: 0, wanted: 0..<1, reader: &holder)
      guard case .filled(let lease) = consume access else {
        Issue.record("the only page is leased")
        return
      }
      #expect(try await fixture.read("/other") == other)
      let otherRecord = try await fixture.files.record(ofAlluxioPath: "/other")
      #expect(try await fixture.files.load(otherRecord, pages: 0..<1) == .noRoom)
      #expect(Array(lease.bytes) == held)
    }
  }

  @Test("many readers of one cold file, on two rings, cause one UFS read per page")
  func singleFlight() async throws {
    let fixture = try ServiceFixture(rings: 2)
    defer { fixture.stop() }
    let bytes = pattern(500_000, seed: 6)
    fixture.ufs.put("a", bytes, token: "v1")
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for index in 0..<40 {
        group.addTask { try await fixture.run(on: index % 2) { try await fixture.read("/a") } }
      }
      for try await result in group { #expect(result == bytes) }
    }
    #expect(fixture.ufs.readCount == Int(fixture.files.pageCount(of: 500_000)))
  }

  @Test(
    "an outage is an outage: cached pages of a fresh record are served, and nothing is called missing"
  )
  func outage() async throws {
    let fixture = try ServiceFixture(validity: .zero)
    defer { fixture.stop() }
    fixture.ufs.put("a", [1, 2, 3], token: "v1")
    try await fixture.run {
      let record = try await fixture.files.record(ofAlluxioPath: "/a")
      #expect(try await fixture.read(record) == [1, 2, 3])
      fixture.ufs.failStatus(.unavailable)
      do {
        _ = try await fixture.files.record(ofAlluxioPath: "/a")
        Issue.record("a status that cannot be had is an error")
      } catch {
        #expect((error as? UFSError)?.code == .unavailable)
        #expect((error as? UFSError)?.httpStatus.code == 503)
      }
      // The pages survive the outage.
      #expect(fixture.files.residentBytes(of: record) == 3)
      fixture.ufs.failStatus(nil)
      let reads = fixture.ufs.readCount
      #expect(try await fixture.read("/a") == [1, 2, 3])
      #expect(fixture.ufs.readCount == reads)
    }
  }

  @Test("a failed read leaves no page behind and the next reader succeeds")
  func failedFill() async throws {
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    fixture.ufs.put("a", pattern(1000, seed: 7), token: "v1")
    try await fixture.run {
      let record = try await fixture.files.record(ofAlluxioPath: "/a")
      fixture.ufs.failReads(.io)
      do {
        _ = try await fixture.read(record)
        Issue.record("a failed read is an error")
      } catch {
        #expect((error as? UFSError)?.code == .io)
      }
      #expect(fixture.files.residentBytes(of: record) == 0)
      fixture.ufs.failReads(nil)
      #expect(try await fixture.read(record) == pattern(1000, seed: 7))
    }
  }

  @Test("a deleted file is not found and its pages go")
  func deleted() async throws {
    let fixture = try ServiceFixture(validity: .zero)
    defer { fixture.stop() }
    fixture.ufs.put("a", [1, 2, 3], token: "v1")
    try await fixture.run {
      let record = try await fixture.files.record(ofAlluxioPath: "/a")
      _ = try await fixture.read(record)
      fixture.ufs.remove("a")
      do {
        _ = try await fixture.files.record(ofAlluxioPath: "/a")
        Issue.record("a deleted file is not found")
      } catch {
        #expect((error as? UFSError)?.code == .notFound)
      }
      #expect(fixture.files.residentBytes(of: record) == 0)
    }
  }
}

@Suite("FileService, found by reviewers")
struct FileServiceRegressionTests {
  @Test("the number of pages of a file is exact, and the largest there is for files beyond it")
  func pageCounts() async throws {
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    #expect(fixture.files.pageCount(of: .max) == .max)
    #expect(fixture.files.pageCount(of: 0) == 0)
    #expect(fixture.files.pageCount(of: 1) == 1)
    #expect(fixture.files.pageCount(of: 65536) == 1)
    #expect(fixture.files.pageCount(of: 65537) == 2)
  }

  @Test("a status asked for before a change made here is used once and kept by nobody")
  func overtaken() async throws {
    let fixture = try ServiceFixture()
    defer { fixture.stop() }
    fixture.ufs.put("a", [1], token: "v1")
    try await fixture.run {
      let place = try fixture.files.mounts.locate(alluxioPath: "/a")
      let status = try await fixture.ufs.status(of: "a")
      let id = FileID(ufsPath: place.ufsPath)
      let epoch = fixture.files.table.epoch(of: id)
      fixture.files.forget(place.ufsPath)
      let now = Reactor.current?.now ?? 0
      let record = fixture.files.remember(status, at: place, now: now, epoch: epoch)
      #expect(!record.isFresh(now: now, validity: .max))
      #expect(fixture.files.table.record(of: id) == nil)
    }
  }
}
