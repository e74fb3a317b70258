// What a job's listing gives: several paths, index files plain and gzip, filters, files that are not there.

import DaemonDriver
import FaultProxy
import Glibc
import Model
import Ring
import Scheduler
import Testing
import UFS

@testable import WorkerDaemon

@Suite("JobListing")
struct JobListingTests {
  /// A tree on disk at `/` and listings over it.
  private final class Fixture: Sendable {
    let scratch: ScratchDirectory
    private let group: ReactorGroup
    private let pool: BlockingPool
    private let mounts: MountTable
    private let bucket: ListingOrigin
    /// What the bucket at `/s3` has.
    static let contents = ["a/", "b/", "c/", "d/", "e/"].map {
      ListingOrigin.Content(folder: $0, count: 150, size: 10, tag: "0123456789abcdef")
    }

    init() throws {
      scratch = try ScratchDirectory("listing")
      try makeDirectories(scratch.path("d/sub"))
      for name in ["d/a", "d/b.bin", "d/sub/c", "x", "y"] {
        try writeBytes(Array(name.utf8), to: scratch.path(name))
      }
      group = try ReactorGroup(count: 1, pinned: false)
      pool = try BlockingPool(name: "test", threads: 2)
      bucket = try ListingOrigin(Self.contents)
      mounts = try MountTable(
        opening: [
          MountSpecification(alluxioPath: "/", uri: "file://\(scratch.path(""))"),
          MountSpecification(
            alluxioPath: "/s3", uri: "s3://b",
            options: [
              "alluxio.underfs.s3.endpoint": "http://127.0.0.1:\(bucket.port)",
              "alluxio.underfs.listing.length": "50",
            ]),
        ], in: UFSEnvironment(pool: pool))
    }

    /// What a page is to a task that was cancelled.
    func cancelledPage(_ target: JobTarget) async -> Result<ListedPage, UFSError> {
      let (mounts, pool) = (mounts, pool)
      return await group.reactors[0].run {
        let listing = JobListing(
          JobSpecification(.load, target), of: JobID(high: 1, low: 2), mounts: mounts, pool: pool)
        withUnsafeCurrentTask { $0?.cancel() }
        do throws(UFSError) {
          return .success(try await listing.page(after: nil, max: 100))
        } catch { return .failure(error) }
      }
    }

    /// Requests that the bucket got.
    var requestCount: Int { bucket.requestCount }

    func stop() {
      group.stop()
      pool.stop()
    }

    /// All pages of at most `max` files; each page by a listing of its own when `anew`.
    func pages(
      _ target: JobTarget, max: Int = 100, anew: Bool = false, type: JobType = .load,
      _ change: (inout JobOptions) -> Void = { _ in }
    ) async throws -> [ListedPage] {
      var options = JobOptions()
      change(&options)
      let specification = JobSpecification(type, target, options: options)
      let (mounts, pool) = (mounts, pool)
      return try await group.reactors[0].run { () async -> Result<[ListedPage], UFSError> in
        var listing = JobListing(
          specification, of: JobID(high: 1, low: 2), mounts: mounts, pool: pool)
        var (cursor, pages): (String?, [ListedPage]) = (nil, [])
        do throws(UFSError) {
          repeat {
            let page = try await listing.page(after: cursor, max: max)
            pages.append(page)
            cursor = page.next
            guard anew else { continue }
            await listing.close()
            listing = JobListing(
              specification, of: JobID(high: 1, low: 2), mounts: mounts, pool: pool)
          } while cursor != nil && pages.count < 1000
        } catch {
          await listing.close()
          return .failure(error)
        }
        await listing.close()
        return .success(pages)
      }.get()
    }

    func names(_ pages: [ListedPage]) -> [String] {
      let base = "file://\(scratch.path(""))"
      return pages.flatMap(\.files).map { String($0.path.dropFirst(base.count)) }
        .map { $0.hasPrefix("/") ? String($0.dropFirst()) : $0 }
    }
  }

  private func with(_ body: (Fixture) async throws -> Void) async throws {
    let fixture = try Fixture()
    defer { fixture.stop() }
    try await body(fixture)
  }

  @Test("several paths are listed in their order; one that is missing fails alone")
  func severalPaths() async throws {
    try await with { fixture in
      for anew in [false, true] {
        let pages = try await fixture.pages(
          .paths(["/x", "/missing", "/d", "/y"]), max: 2, anew: anew)
        #expect(fixture.names(pages) == ["x", "d/a", "d/b.bin", "d/sub/c", "y"])
        let failed = pages.flatMap(\.failed)
        #expect(failed.map(\.path) == ["file://\(fixture.scratch.path("missing"))"])
        #expect(failed[0].reason.contains("no such file"), "\(failed)")
        #expect(pages.allSatisfy { $0.files.count <= 2 })
      }
    }
  }

  @Test("a bucket is listed by parts at once, each file once, and goes on at any of its places")
  func bucket() async throws {
    try await with { fixture in
      let wanted = Fixture.contents.flatMap { content in
        (0..<content.count).map { "s3://b/" + ListingOrigin.key($0, of: content) }
      }
      for (max, anew) in [(1000, false), (37, false), (37, true)] {
        let pages = try await fixture.pages(.paths(["/s3"]), max: max, anew: anew)
        let found = pages.flatMap(\.files).map(\.path)
        #expect(found.count == wanted.count, "\(max) \(anew)")
        #expect(Set(found) == Set(wanted), "\(max) \(anew)")
        guard max < 1000 else { continue }
        #expect(pages.compactMap(\.next).contains { $0.contains("shards") }, "by parts")
      }
    }
  }

  @Test("a listing whose task is cancelled asks for nothing more")
  func cancelled() async throws {
    try await with { fixture in
      let asked = fixture.requestCount
      for target in [JobTarget.paths(["/s3"]), .paths(["/d", "/s3"]), .paths(["/s3/a", "/x"])] {
        guard case .failure(let error) = await fixture.cancelledPage(target) else {
          Issue.record("\(target) was listed")
          continue
        }
        #expect(error.code == .unavailable)
      }
      #expect(fixture.requestCount == asked)
    }
  }

  @Test("a single path that is missing fails the listing")
  func singlePath() async throws {
    try await with { fixture in
      await #expect(throws: UFSError.self) { try await fixture.pages(.paths(["/missing"])) }
    }
  }

  private static let lines = "/d/a\r\n\n/missing\nfile:///elsewhere\n/x\n\n/d/sub\n/x"

  private func expectIndex(_ fixture: Fixture, _ name: String) async throws {
    for (max, anew) in [(100, false), (1, false), (1, true), (2, true)] {
      let pages = try await fixture.pages(.index("/\(name)"), max: max, anew: anew)
      #expect(fixture.names(pages) == ["d/a", "x", "d/sub/c"], "\(max) \(anew)")
      #expect(pages.reduce(0) { $0 + $1.repeatedCount } == 1, "\(max) \(anew)")
      let failed = pages.flatMap(\.failed)
      #expect(failed.count == 2 && failed[1].path == "file:///elsewhere", "\(failed)")
    }
  }

  @Test("an index names files and directories, a line each, and goes on at any line")
  func index() async throws {
    try await with { fixture in
      try writeBytes(Array(Self.lines.utf8), to: fixture.scratch.path("index"))
      try await expectIndex(fixture, "index")
    }
  }

  @Test(
    "paths that are named twice, or lie below others, are listed once; a missing one still fails")
  func repeatedPaths() async throws {
    try await with { fixture in
      for (max, anew) in [(100, false), (1, true)] {
        let pages = try await fixture.pages(
          .paths(["/d/sub", "/x", "/d", "/x", "/d/a", "/d/gone"]), max: max, anew: anew)
        #expect(fixture.names(pages) == ["x", "d/a", "d/b.bin", "d/sub/c"], "\(max) \(anew)")
        #expect(pages.reduce(0) { $0 + $1.repeatedCount } == 3)
        #expect(pages.flatMap(\.failed).map(\.path) == ["file://\(fixture.scratch.path("d/gone"))"])
        let flat = try await fixture.pages(.paths(["/d", "/d/a", "/d/sub"]), max: max, anew: anew) {
          $0.recursive = false
        }
        #expect(fixture.names(flat) == ["d/b.bin", "d/a", "d/sub/c"], "\(max) \(anew)")
      }
    }
  }

  @Test("lines of an index that others cover are listed once, whichever comes first")
  func repeatedLines() async throws {
    try await with { fixture in
      for (lines, names) in [
        ("/d\n/d/a\n/d/sub\n/x\n/d", ["d/a", "d/b.bin", "d/sub/c", "x"]),
        ("/d/sub\n/d/b.bin\n/x\n/d\n/d/a", ["d/sub/c", "d/b.bin", "x", "d/a"]),
      ] {
        try writeBytes(Array(lines.utf8), to: fixture.scratch.path("index"))
        for (max, anew) in [(100, false), (1, false), (1, true)] {
          let pages = try await fixture.pages(.index("/index"), max: max, anew: anew)
          #expect(fixture.names(pages) == names, "\(max) \(anew)")
          #expect(pages.flatMap(\.failed) == [])
          #expect(pages.reduce(0) { $0 + $1.repeatedCount } == 3, "\(max) \(anew)")
        }
      }
      try writeBytes(Array("/d\n/d/gone\n/x".utf8), to: fixture.scratch.path("index"))
      let failed = try await fixture.pages(.index("/index")).flatMap(\.failed)
      #expect(failed.map(\.path) == ["file://\(fixture.scratch.path("d/gone"))"])
    }
  }

  @Test("entries that are no files, or have no text for a name, fail by name and reason")
  func leftOut() async throws {
    try await with { fixture in
      try makeDirectories(fixture.scratch.path("odd"))
      let base = fixture.scratch.path("odd")
      try writeBytes([1], to: "\(base)/good")
      try #require(unsafe symlink("nowhere", "\(base)/link") == 0)
      try #require(unsafe mkfifo("\(base)/pipe", 0o600) == 0)
      let name = Array("\(base)/bad".utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), 0]
      let fd = unsafe name.withUnsafeBufferPointer { path -> Int32 in
        guard let start = path.baseAddress else { return -1 }
        return unsafe open(start, O_WRONLY | O_CREAT, 0o600)
      }
      try #require(fd >= 0)
      close(fd)
      let pages = try await fixture.pages(.paths(["/odd"]))
      #expect(fixture.names(pages) == ["odd/good"])
      let failed = pages.flatMap(\.failed).sorted { $0.path < $1.path }
      #expect(
        failed.map(\.path) == ["bad\\xff", "link", "pipe"].map { "file://\(base)/\($0)" })
      #expect(
        failed.map(\.reason) == [
          "its name is not UTF-8", "a link that leads nowhere, or out of the mount",
          "neither a file nor a directory",
        ])
      #expect(pages.allSatisfy { $0.leftOutCount == 0 })
    }
  }

  @Test("an index may be gzip, of several members, too")
  func gzip() async throws {
    try await with { fixture in
      let bytes = Array(Self.lines.utf8)
      for (number, part) in [bytes[..<20], bytes[20...]].enumerated() {
        try writeBytes(Array(part), to: fixture.scratch.path("part\(number)"))
        let run = try CommandRun(["gzip", fixture.scratch.path("part\(number)")])
        #expect(run.succeeded, "\(run.errors)")
      }
      let whole =
        try readBytes(fixture.scratch.path("part0.gz"))
        + readBytes(fixture.scratch.path("part1.gz"))
      try writeBytes(whole, to: fixture.scratch.path("index.gz"))
      try await expectIndex(fixture, "index.gz")
      var flipped = whole
      flipped[whole.count - 6] ^= 1
      for damaged in [Array(whole.dropLast(3)), flipped] {
        try writeBytes(damaged, to: fixture.scratch.path("bad.gz"))
        await #expect(throws: UFSError.self) { try await fixture.pages(.index("/bad.gz")) }
      }
    }
  }

  @Test("an index of thousands of lines gives each once")
  func longIndex() async throws {
    try await with { fixture in
      try makeDirectories(fixture.scratch.path("many"))
      for number in 0..<1000 { try writeBytes([], to: fixture.scratch.path("many/f\(number)")) }
      let lines = (0..<1000).map { "/many/f\($0)\n" }.joined()
      try writeBytes(Array(lines.utf8), to: fixture.scratch.path("index"))
      let pages = try await fixture.pages(.index("/index"), max: 64, anew: true)
      #expect(fixture.names(pages) == (0..<1000).map { "many/f\($0)" })
    }
  }

  @Test("a filter keeps the files whose name it matches wholly, without recursion the folder's own")
  func options() async throws {
    try await with { fixture in
      let kept = try await fixture.pages(.paths(["/d", "/x"])) { $0.fileFilter = "[a-x]" }
      #expect(kept.map(\.filteredCount).reduce(0, +) == 1)
      let none = try await fixture.pages(.paths(["/d", "/x"]), max: 1) { $0.fileFilter = "none" }
      #expect(fixture.names(none) == [] && none.map(\.filteredCount).reduce(0, +) == 4)
      #expect(fixture.names(kept) == ["d/a", "d/sub/c", "x"])
      let flat = try await fixture.pages(.paths(["/d"])) { $0.recursive = false }
      #expect(fixture.names(flat) == ["d/a", "d/b.bin"])
    }
  }

  @Test("an index of a copy names files below the source, by full or by relative path")
  func transfers() async throws {
    try await with { fixture in
      let root = "file://\(fixture.scratch.path(""))".dropLast(
        fixture.scratch.path("").hasSuffix("/") ? 1 : 0)
      try writeBytes(
        Array("a\n\(root)/d/b.bin\n/x\n".utf8), to: fixture.scratch.path("index"))
      let pages = try await fixture.pages(
        .indexedTransfer(index: "/index", source: "\(root)/d", destination: "\(root)/t"),
        type: .copy)
      #expect(fixture.names(pages) == ["d/a", "d/b.bin"])
      #expect(pages.flatMap(\.failed).first?.reason.contains("does not lie below") == true)
      let whole = try await fixture.pages(
        .transfer(source: "\(root)/d", destination: "\(root)/t"), type: .copy)
      #expect(fixture.names(whole) == ["d/a", "d/b.bin", "d/sub/c"])
    }
  }
}

@Suite("IndexLines")
struct IndexLinesTests {
  @Test("bytes in any pieces come to the same lines; what is no path is told")
  func pieces() {
    let long = String(repeating: "x", count: IndexLines.sizeMax + 1)
    let bytes = Array("/a\r\n\n/b\n\(long)\n/c".utf8) + [0xff, 10] + Array("/ä".utf8)
    var expected: [IndexLine]?
    for size in [1, 2, 3, 7, 1000, bytes.count] {
      var lines = IndexLines()
      for start in stride(from: 0, to: bytes.count, by: size) {
        lines.add(bytes[start..<min(bytes.count, start + size)])
      }
      lines.finish()
      let found = lines.take(max: 100)
      #expect(expected == nil || found == expected, "\(size)")
      expected = found
    }
    #expect(expected?.count == 5)
    #expect(expected?[0] == .path("/a") && expected?[1] == .path("/b"))
    #expect(expected?[4] == .path("/ä"))
    for index in [2, 3] {
      guard case .bad(_, let reason)? = expected?[index] else {
        Issue.record("\(index) is a path")
        continue
      }
      #expect(reason.contains(index == 2 ? "16384" : "UTF-8"))
    }
  }
}
