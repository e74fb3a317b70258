import Model
import Ring
import Synchronization
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

/// A listing of `count` files in `path`.
private func listing(
  _ path: String, count: Int = 3, askedAt: UInt64 = 0, validity: UInt64 = 1000
) -> CachedListing {
  let entries = (0..<count).map { index in
    let status = FileStatus(
      ufsPath: "\(path)/\(index)", kind: .file, length: 1, modificationTime: 0,
      version: FileVersion(token: "t", length: 1))
    return UFSEntry(name: "\(index)", path: "x/\(index)", status: status)
  }
  return CachedListing(
    path: path, entries: entries, leftOutCount: 0, askedAt: askedAt, validity: validity,
    generation: 1, size: entries.reduce(0) { $0 + CachedListing.size(of: $1) })
}

extension ListingCache {
  /// Asks for `path` and keeps a listing of `count` entries.
  fileprivate func fill(_ path: String, count: Int = 3) async {
    let id = FileID(ufsPath: path)
    guard case .ask = await turn(for: id, path: path, now: 0, generation: 1) else { return }
    finish(id, listing(path, count: count))
  }

  /// Whether `path` is found; a turn to ask is given back.
  fileprivate func has(_ path: String, now: UInt64 = 0, generation: UInt64 = 1) async -> Bool {
    let id = FileID(ufsPath: path)
    switch await turn(for: id, path: path, now: now, generation: generation) {
    case .found: return true
    case .ask:
      finish(id, nil)
      return false
    case .lookAgain, .askAlone: return false
    }
  }
}

@Suite struct ListingCacheTests {
  @Test("a listing is found until its time is over or the rules change")
  func validity() async {
    let cache = ListingCache()
    await cache.fill("s3://b/d")
    #expect(await cache.has("s3://b/d", now: 999))
    #expect(!(await cache.has("s3://b/d", now: 1000)))
    await cache.fill("s3://b/d")
    #expect(!(await cache.has("s3://b/d", generation: 2)))
    #expect(cache.size.bytes == 0)
  }

  @Test("a change drops the listings at and above it, a tree's also those below")
  func changes() async {
    let cache = ListingCache()
    let paths = ["s3://b", "s3://b/d", "s3://b/d/e", "s3://b/d/e/f", "s3://b/o"]
    for path in paths { await cache.fill(path) }
    cache.forget("s3://b/d/e", tree: false)
    var left: [String] = []
    for path in paths where await cache.has(path) { left.append(path) }
    #expect(left == ["s3://b/d/e/f", "s3://b/o"])
    for path in paths { await cache.fill(path) }
    cache.forget("s3://b/d", tree: true)
    left = []
    for path in paths where await cache.has(path) { left.append(path) }
    #expect(left == ["s3://b/o"])
  }

  @Test("a listing in flight while something changes below is not kept")
  func spoiled() async {
    let cache = ListingCache()
    let id = FileID(ufsPath: "s3://b/d")
    guard case .ask = await cache.turn(for: id, path: "s3://b/d", now: 0, generation: 1) else {
      Issue.record("nobody asks yet")
      return
    }
    cache.forget("s3://b/d/new", tree: false)
    cache.finish(id, listing("s3://b/d"))
    #expect(!(await cache.has("s3://b/d")))
    await cache.fill("s3://b/d")
    #expect(await cache.has("s3://b/d"))
  }

  @Test("a cancelled task waits no longer for another's listing, and whoever asked goes on")
  func cancelledWait() async {
    let cache = ListingCache()
    let id = FileID(ufsPath: "s3://b/d")
    guard case .ask = await cache.turn(for: id, path: "s3://b/d", now: 0, generation: 1) else {
      Issue.record("nobody asks yet")
      return
    }
    let leaver = Task { await cache.turn(for: id, path: "s3://b/d", now: 0, generation: 1) }
    leaver.cancel()
    guard case .lookAgain = await leaver.value else {
      Issue.record("the wait ends with the cancellation")
      return
    }
    cache.finish(id, listing("s3://b/d"))
    #expect(await cache.has("s3://b/d"))
  }

  @Test("a status that differs drops the listing that gave the old one, and only that")
  func contradiction() async {
    let cache = ListingCache()
    await cache.fill("s3://b/d")
    await cache.fill("s3://b/o")
    let same = listing("s3://b/d").entries[1].status
    cache.contradict("s3://b/d/1", by: same)
    cache.contradict("s3://b/d/unlisted", by: nil)
    #expect(await cache.has("s3://b/d"))
    cache.contradict("s3://b/d/1", by: nil)
    #expect(!(await cache.has("s3://b/d")))
    #expect(await cache.has("s3://b/o"))
  }

  @Test("random fills and changes: entries and bytes are counted exactly and stay within bounds")
  func bounds() async {
    for seed: UInt64 in [1, 2, 3] {
      var random = seed
      func next(_ bound: UInt64) -> Int {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((random >> 33) % bound)
      }
      var bounds = ListingCache.Bounds()
      bounds.entryCountMax = 400
      bounds.bytesMax = 100_000
      let cache = ListingCache(bounds)
      for _ in 0..<2000 {
        let path = "s3://b/\(next(5))/\(next(20))"
        switch next(4) {
        case 0: cache.forget(path, tree: next(2) == 0)
        default: await cache.fill(path, count: next(150))
        }
        #expect(cache.size.entries <= 400, "SEED=\(seed)")
        #expect(cache.size.bytes <= 100_000, "SEED=\(seed)")
      }
      #expect(cache.size.count > 0, "SEED=\(seed)")
      cache.forget("s3://b", tree: true)
      #expect(cache.size == (0, 0, 0), "SEED=\(seed)")
    }
  }
}

@Suite struct FileListingTests {
  /// All names that a listing of `path` gives.
  private static func names(_ files: FileService, _ path: String) async throws -> [String] {
    let lister = try await files.list(try files.mounts.locate(alluxioPath: path))
    var names: [String] = []
    while let batch = try await lister.next(max: 7) { names += batch.entries.map(\.name) }
    await lister.close()
    return names
  }

  @Test("a directory is listed once within its validity, and its files need no question any more")
  func cached() async throws {
    let fixture = try ServiceFixture()
    for index in 0..<20 { fixture.ufs.put("d/\(index)", [1], token: "t") }
    let files = fixture.files
    let (first, second) = try await fixture.run {
      (try await Self.names(files, "/d"), try await Self.names(files, "/d"))
    }
    #expect(first.count == 20)
    #expect(first == second)
    #expect(fixture.ufs.listCount == 1)
    _ = try await fixture.run { try await files.record(ofAlluxioPath: "/d/7").length }
    #expect(fixture.ufs.statusCount == 0)
    #expect(files.metadata.value(.listingHit) == 1)
    #expect(files.metadata.value(.statusHit) == 1)
    fixture.stop()
  }

  @Test("without validity every listing comes from the source")
  func unbelieved() async throws {
    let fixture = try ServiceFixture(validity: .zero)
    fixture.ufs.put("d/a", [1], token: "t")
    let files = fixture.files
    for _ in 0..<3 { _ = try await fixture.run { try await Self.names(files, "/d") } }
    #expect(fixture.ufs.listCount == 3)
    fixture.stop()
  }

  @Test("many who list one directory ask the source once")
  func singleFlight() async throws {
    let gate = Signal()
    let fixture = try ServiceFixture(ufs: FakeUFS(duringList: { await gate.wait() }))
    fixture.ufs.put("d/a", [1], token: "t")
    let files = fixture.files
    let tasks = (0..<50).map { _ in
      Task { try await fixture.run { try await Self.names(files, "/d") } }
    }
    while files.metadata.value(.listingJoin) + files.metadata.value(.listingMiss) == 0 {
      await Task.yield()
    }
    gate.open()
    for task in tasks { #expect(try await task.value == ["a"]) }
    #expect(fixture.ufs.listCount == 1)
    fixture.stop()
  }

  @Test("a directory too long to keep is listed whole, and not kept")
  func long() async throws {
    let fixture = try ServiceFixture()
    for index in 0..<12_000 { fixture.ufs.put("d/\(index)", [], token: "t") }
    let files = fixture.files
    for _ in 0..<2 {
      let names = try await fixture.run { try await Self.names(files, "/d") }
      #expect(Set(names).count == 12_000)
      #expect(names.count == 12_000)
    }
    #expect(fixture.ufs.listCount == 2)
    #expect(files.listings.size.count == 0)
    fixture.stop()
  }

  @Test("a listing that fails is not kept, and the next one asks again")
  func failure() async throws {
    let fixture = try ServiceFixture()
    fixture.ufs.put("d/a", [1], token: "t")
    fixture.ufs.failStatus(.unavailable)
    let files = fixture.files
    await #expect(throws: UFSError.self) {
      _ = try await fixture.run { try await Self.names(files, "/d") }
    }
    fixture.ufs.failStatus(nil)
    #expect(try await fixture.run { try await Self.names(files, "/d") } == ["a"])
    fixture.stop()
  }

  @Test("an absence that is remembered is told in words that fit its store: no errno of a bucket")
  func absenceWords() async throws {
    for uri in ["s3://bkt", "file:///fake"] {
      let fixture = try ServiceFixture()
      var options = FileService.Options()
      options.absenceValidity = .seconds(3600)
      options.statusValidity = .seconds(3600)
      let files = FileService(
        mounts: try MountTable([
          Mount(alluxioPath: "/", uri: UFSURI(parsing: uri), ufs: fixture.ufs)
        ]), store: fixture.files.store, reactors: fixture.group.reactors, options: options)
      for _ in 0..<2 {
        _ = try? await fixture.run { _ = try await files.record(ofAlluxioPath: "/x") }
      }
      let error = await #expect(throws: UFSError.self) {
        try await fixture.run { _ = try await files.record(ofAlluxioPath: "/x") }
      }
      #expect(files.metadata.value(.absenceHit) > 0)
      #expect(error?.code == .notFound)
      let text = error?.description ?? ""
      #expect(text.contains("no such file or directory") && !text.contains("errno"), "\(text)")
      fixture.stop()
    }
  }

  @Test(
    "what is not there is asked for once, an outage is not an absence, and a change made here is seen at once"
  )
  func absence() async throws {
    let fixture = try ServiceFixture()
    let files = fixture.files
    @Sendable func code() async throws -> UFSError.Code? {
      try await fixture.run {
        do throws(UFSError) {
          _ = try await files.record(ofAlluxioPath: "/d/x")
          return nil
        } catch { return error.code }
      }
    }
    fixture.ufs.failStatus(.unavailable)
    #expect(try await code() == .unavailable)
    #expect(try await code() == .unavailable)
    #expect(fixture.ufs.statusCount == 2)
    fixture.ufs.failStatus(nil)
    #expect(try await code() == .notFound)
    #expect(try await code() == .notFound)
    #expect(fixture.ufs.statusCount == 3)
    #expect(files.metadata.value(.absenceHit) == 1)
    fixture.ufs.put("d/x", [1], token: "t")
    files.forget("file:///fake/d/x")
    #expect(try await code() == nil)
    fixture.stop()
  }

  @Test("a file found gone drops the listing that still names it")
  func gone() async throws {
    let fixture = try ServiceFixture()
    fixture.ufs.put("d/a", [1], token: "t")
    fixture.ufs.put("d/b", [1], token: "t")
    let files = fixture.files
    #expect(try await fixture.run { try await Self.names(files, "/d") } == ["a", "b"])
    fixture.ufs.remove("d/a")
    await #expect(throws: UFSError.self) {
      _ = try await fixture.run {
        try await files.freshRecord(at: try files.mounts.locate(alluxioPath: "/d/a")).length
      }
    }
    #expect(try await fixture.run { try await Self.names(files, "/d") } == ["b"])
    fixture.stop()
  }
}

/// Lets all who wait go, once.
private final class Signal: Sendable {
  private let state = Mutex((isOpen: false, waiting: [CheckedContinuation<Void, Never>]()))

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}
