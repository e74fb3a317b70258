// Pins of a coordinator beside those of people, and what a restart finds of them.

import DaemonDriver
import Model
import Ring
import Testing

@testable import WorkerDaemon

@Suite("Followed pins")
struct FollowedPinsTests {
  /// Tells `pins` what the coordinator has pinned, and waits until that holds.
  private static func follow(
    _ paths: [String], _ revision: UInt64, _ pins: FollowedPins, _ fixture: PolicyFixture
  ) async throws {
    pins.follow(paths, revision)
    let reactor = fixture.service.group.reactors[0]
    try await fixture.service.run {
      while pins.revision != revision { await reactor.sleep(for: .milliseconds(1)) }
    }
  }

  private static func pinned(_ fixture: PolicyFixture) -> Set<RulePath> {
    Set(fixture.policies.book.rules.pins.sorted.map(\.path))
  }

  @Test("paths are pinned and let go with the coordinator's, and what is no path is left out")
  func follows() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    let folder = try ScratchDirectory("pins")
    let pins = FollowedPins(
      file: folder.path("pins.json"), policies: fixture.policies,
      on: fixture.service.group.reactors[0])
    #expect(pins.revision == 0)
    try await Self.follow(["/a", "/b/c", "no path", ""], 1, pins, fixture)
    #expect(Self.pinned(fixture) == [RulePath("/a"), RulePath("/b/c")])
    try await Self.follow(["/b/c", "/d"], 2, pins, fixture)
    #expect(Self.pinned(fixture) == [RulePath("/b/c"), RulePath("/d")])
    try await Self.follow([], 3, pins, fixture)
    #expect(Self.pinned(fixture).isEmpty)
    await pins.stop()
  }

  @Test("a path that people pinned here stays when the coordinator lets it go")
  func people() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    let folder = try ScratchDirectory("pins")
    _ = try fixture.policies.pin(RulePath("/mine"))
    let pins = FollowedPins(
      file: folder.path("pins.json"), policies: fixture.policies,
      on: fixture.service.group.reactors[0])
    try await Self.follow(["/mine", "/theirs"], 1, pins, fixture)
    #expect(Self.pinned(fixture) == [RulePath("/mine"), RulePath("/theirs")])
    // People let it go here: whoever was first has unpinned it.
    try fixture.policies.unpin(RulePath("/theirs"))
    try await Self.follow([], 2, pins, fixture)
    #expect(Self.pinned(fixture) == [RulePath("/mine")])
    await pins.stop()
  }

  @Test("a worker that starts again knows which of its pins are the coordinator's")
  func restart() async throws {
    let fixture = try PolicyFixture()
    defer { fixture.service.stop() }
    let folder = try ScratchDirectory("pins")
    _ = try fixture.policies.pin(RulePath("/mine"))
    let (file, reactor) = (folder.path("pins.json"), fixture.service.group.reactors[0])
    let first = FollowedPins(file: file, policies: fixture.policies, on: reactor)
    try await Self.follow(["/a", "/b"], 7, first, fixture)
    // The file is written after what it tells.
    await first.stop()
    let second = FollowedPins(file: file, policies: fixture.policies, on: reactor)
    #expect(second.revision == 7)
    try await Self.follow(["/b"], 8, second, fixture)
    #expect(Self.pinned(fixture) == [RulePath("/mine"), RulePath("/b")])
    // One that is stopped takes nothing more.
    await second.stop()
    second.follow([], 9)
    #expect(second.revision == 8)
    #expect(Self.pinned(fixture) == [RulePath("/mine"), RulePath("/b")])
  }
}
