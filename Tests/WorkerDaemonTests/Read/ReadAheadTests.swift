// Read-ahead over the whole read path: what it brings, counts and leaves alone.

import Model
import PageStore
import Ring
import TestSupport
import Testing
import UFS

@testable import WorkerDaemon

@Suite("Read-ahead")
struct ReadAheadTests {
  /// Reads pages `pages` of `path`, one request each, and waits until nothing is being brought.
  private func read(
    _ pages: Range<Int>, of path: String, _ fixture: StreamFixture, _ bytes: [UInt8]
  ) async throws {
    for page in pages {
      let range = page << 20...((page + 1) << 20) - 1
      let client = try await fixture.get(path, range: range)
      _ = try await client.head()
      let part = Array(bytes[range])
      #expect(try await client.bytes(1 << 20) == part)
      while fixture.files.readAhead.figures.tasks > 0 { await Task.yield() }
    }
  }

  @Test("a file read page by page on new connections is found in the cache from the third page on")
  func sequential() async throws {
    let bytes = pattern(24 << 20, seed: 1)
    try await StreamFixture.run { fixture in
      fixture.ufs.put("a", bytes, token: "v1")
      try await read(0..<2, of: "/a", fixture, bytes)
      #expect(fixture.ufs.opened.contains(.readAhead))
      let misses = fixture.ufs.opened.count { $0 == .demand }
      try await read(2..<24, of: "/a", fixture, bytes)
      #expect(fixture.ufs.opened.count { $0 == .demand } == misses)
      let figures = fixture.files.readAhead.figures
      #expect(figures.issued == 22)
      #expect(figures.used == 22)
      #expect(figures.wasted == 0)
    }
  }

  @Test("a store whose memory is short reads nothing ahead, and requests are answered all the same")
  func memoryShort() async throws {
    let bytes = pattern(8 << 20, seed: 2)
    try await StreamFixture.run(pages: 2) { fixture in
      fixture.ufs.put("a", bytes, token: "v1")
      try await read(0..<8, of: "/a", fixture, bytes)
      let figures = fixture.files.readAhead.figures
      #expect(figures.withheld > 0)
      #expect(figures.tasks == 0)
      #expect(!fixture.ufs.opened.contains(.readAhead))
    }
  }

  @Test("a reader joins the page that is being read ahead of it")
  func joins() async throws {
    let bytes = pattern(8 << 20, seed: 3)
    try await StreamFixture.run { fixture in
      fixture.ufs.put("a", bytes, token: "v1")
      let first = try await fixture.get("/a", range: 0...(2 << 20) - 1)
      _ = try await first.head()
      _ = try await first.bytes(2 << 20)
      let second = try await fixture.get("/a", range: (2 << 20)...(3 << 20) - 1)
      let third = try await fixture.get("/a", range: (3 << 20)...(4 << 20) - 1)
      for (client, page) in [(second, 2), (third, 3)] {
        _ = try await client.head()
        let part = Array(bytes[page << 20..<(page + 1) << 20])
        #expect(try await client.bytes(1 << 20) == part)
      }
      while fixture.files.readAhead.figures.tasks > 0 { await Task.yield() }
      let pages = Set(fixture.ufs.readRanges.map(\.lowerBound))
      #expect(pages.count == fixture.ufs.readRanges.count, "every byte is read once")
    }
  }
}
