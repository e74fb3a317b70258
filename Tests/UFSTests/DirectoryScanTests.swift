import Foundation
import Testing

@testable import UFS

@Suite("Directories of any size are listed in constant memory")
struct DirectoryScanTests {
  private static let count = 50_000

  private func bigDirectory() throws -> TemporaryDirectory {
    let directory = try TemporaryDirectory()
    for index in 0..<Self.count {
      let fd = unsafe open(directory.at("f\(index)"), O_WRONLY | O_CREAT, 0o644)
      guard fd >= 0 else { throw TestFailure(errno: errno) }
      close(fd)
    }
    return directory
  }

  @Test(
    "50,000 entries come exactly once, sorted and unsorted, holding no more names than the window")
  func bigListing() async throws {
    let directory = try bigDirectory()
    let fileSystem = try LocalUFS(root: directory.path, mount: "/", pool: try Bench.pool)
    let want = Set((0..<Self.count).map { "f\($0)" })
    for order in [UFSListing.Order.unsorted, .sorted] {
      let fd = unsafe open(directory.path, O_RDONLY | O_DIRECTORY)
      let scan = try DirectoryScan(
        fileSystem, fd, "", UFSListing(order: order), inode: 0, window: 3000)
      var seen = Set<String>()
      var count = 0
      var last = ""
      while let batch = try scan.next(max: 700) {
        #expect(batch.entries.count <= 700)
        for entry in batch.entries {
          if order == .sorted { #expect(isBefore(last, entry.name)) }
          last = entry.name
          seen.insert(entry.name)
          count += 1
        }
      }
      #expect(count == Self.count)
      #expect(seen == want)
      #expect(scan.nameCountMax <= 6000)
      #expect(try scan.next(max: 1) == nil)
    }
  }

  @Test("names that are not UTF-8 are left out and counted, and deleted with their directory")
  func invalidNames() async throws {
    let (subject, directory) = try localSubject()
    try directory.put("d/good", [1])
    let bad = Array("\(directory.at("d"))/bad".utf8) + [0xFF, 0xFE]
    let fd = unsafe SystemCall.withCString(bad) { unsafe open($0, O_WRONLY | O_CREAT, 0o644) }
    #expect(fd >= 0)
    close(fd)
    try await Bench.run { () async throws in
      for order in [UFSListing.Order.unsorted, .sorted] {
        let lister = try await subject.fileSystem.list("d", UFSListing(order: order))
        let batches = try await subject.drain(lister, max: 1)
        #expect(batches.flatMap(\.entries).map(\.name) == ["good"])
        #expect(batches.map(\.leftOutCount).reduce(0, +) == 1)
      }
      let copied = await subject.code { fileSystem in
        try await StreamedCopy.tree(
          from: fileSystem, "d", to: fileSystem, "t", recursive: true, replacing: false)
      }
      #expect(copied == .unsupported)
      try await subject.fileSystem.delete("d", recursive: true)
      #expect(await subject.code { try await $0.status(of: "d") } == .notFound)
    }
  }

  @Test("files being written are not listed under their reserved names, and cannot be named")
  func reservedNames() async throws {
    let (subject, directory) = try localSubject()
    let name = LocalPath.temporaryPrefix + "0123"
    try directory.put(name, [1])
    try directory.put("f", [1])
    try await Bench.run { () async throws in
      #expect(try await subject.entries("").map(\.name) == ["f"])
      #expect(await subject.code { try await $0.status(of: name) } == .invalid)
    }
  }

  @Test("a cursor of another directory or order is refused")
  func staleCursor() async throws {
    let (subject, directory) = try localSubject()
    for index in 0..<5 { try directory.put("a/\(index)", [1]) }
    try directory.put("b/0", [1])
    try await Bench.run { () async throws in
      let lister = try await subject.fileSystem.list("a", UFSListing())
      let cursor = try #require(try await lister.next(max: 2)?.cursor)
      await lister.close()
      #expect(
        await subject.code { try await $0.list("b", UFSListing(after: cursor)) } == .changed)
      for token in ["", "x", "1:2:3", "99999999999999999999:1", ":"] {
        let options = UFSListing(after: UFSCursor(token: token))
        #expect(await subject.code { try await $0.list("a", options) } == .invalid)
      }
      let walk = UFSListing(after: UFSCursor(token: "a"))
      #expect(await subject.code { try await $0.walk("", walk) } == .invalid)
    }
  }

  @Test("a directory that vanishes during a walk is left out, and the walk goes on")
  func vanishing() async throws {
    let (subject, directory) = try localSubject()
    try directory.put("a/f", [1])
    try directory.put("b/f", [1])
    try await Bench.run { () async throws in
      let walker = try await subject.fileSystem.walk("", UFSListing(order: .sorted))
      let first = try await walker.next(max: 1)
      #expect(first?.entries.map(\.path) == ["a"])
      try await subject.fileSystem.delete("b", recursive: true)
      let rest = try await subject.drain(walker).flatMap(\.entries).map(\.path)
      #expect(Array(rest.prefix(1)) == ["a/f"])
      #expect(!rest.contains("b/f"))
    }
  }
}
