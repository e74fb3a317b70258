import DaemonDriver
import FaultProxy
import Model
import Ring
import Synchronization
import Testing

@testable import UFS

@Suite("A walk by shards")
struct S3ShardedWalkerTests {
  /// A tree of many shapes and its paths, directories with a slash, as one walk lists them.
  private struct Scene {
    let fileSystem: S3UFS
    let subject: UFSSubject
    let seed: UInt64
    var keys: Set<String> = []

    init() async throws {
      var random = SeededRandom()
      seed = random.seed
      let server = try await S3Server.moto()
      let direct = try await S3Bench.subject(server)
      let plain = ["f.", "f-x", "f/", "g", "e/", "e.z", "e/e/e/1", "日本/é", "z"]
      var names = Set(plain)
      for _ in 0..<250 {
        let depth = Int.random(in: 0..<4, using: &random)
        let parts = (0...depth).map { _ in
          ["a", "b", "c", "d.", "d-", "e", "f"][Int.random(in: 0..<7, using: &random)]
            + (Bool.random(using: &random) ? "\(Int.random(in: 0..<30, using: &random))" : "")
        }
        names.insert("t/" + parts.joined(separator: "/"))
      }
      for number in 0..<60 { names.insert("t/many/\(number)") }
      for name in names where !name.hasSuffix("/") { try await direct.put(name, []) }
      for name in names where name.hasSuffix("/") {
        _ = try await direct.fileSystem.makeDirectory(String(name.dropLast()), recursive: true)
      }
      let uri = direct.fileSystem.rootURI
      // With flow control of its own, which counts.
      fileSystem = try S3UFS(
        try UFSURI(parsing: uri),
        MountSpecification(
          alluxioPath: "/s3", uri: uri,
          options: [
            "alluxio.underfs.s3.endpoint": "http://127.0.0.1:\(server.port)",
            "s3a.accessKeyId": S3Server.keyID, "s3a.secretKey": S3Server.secret,
            "alluxio.underfs.listing.length": "5", "alluxio.underfs.s3.admin.threads.max": "4",
          ]), try Bench.environment(), variables: CredentialEnvironment([:]))
      subject = UFSSubject(fileSystem: fileSystem, keepAlive: server)
      keys = Set(try await subject.tree())
      #expect(keys.count > 200, "SEED=\(seed)")
    }

    static func text(_ entry: UFSEntry) -> String {
      entry.status.kind == .directory ? entry.path + "/" : entry.path
    }

    /// The paths of a walk by shards that goes on at `cursor`, in batches.
    func walk(
      _ shards: Int, max: Int, after cursor: UFSCursor? = nil
    ) async throws -> [(paths: [String], cursor: UFSCursor?)] {
      let lister = try await fileSystem.walk("", UFSListing(after: cursor), shards: shards)
      var batches: [(paths: [String], cursor: UFSCursor?)] = []
      while let batch = try await lister.next(max: max) {
        batches.append((batch.entries.map(Self.text), batch.cursor))
      }
      await lister.close()
      return batches
    }
  }

  @Test("lists everything once, a directory before what is in it, with any number of shards")
  func complete() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      for (shards, max) in [(1, 1000), (2, 7), (8, 3), (8, 1000), (64, 10)] {
        let paths = try await scene.walk(shards, max: max).flatMap(\.paths)
        #expect(Set(paths) == scene.keys, "SEED=\(scene.seed) \(shards) shards")
        #expect(paths.count == scene.keys.count, "SEED=\(scene.seed) \(shards) shards")
        var seen: Set<String> = []
        for path in paths {
          seen.insert(path)
          var parent = path.hasSuffix("/") ? String(path.dropLast()) : path
          while let above = splitPath(parent)?.directory, !above.isEmpty {
            #expect(seen.contains(above + "/"), "SEED=\(scene.seed) \(path) before \(above)")
            parent = above
          }
        }
      }
    }
  }

  @Test("goes on at any of its cursors, without leaving out or repeating anything")
  func resumed() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      let batches = try await scene.walk(6, max: 4)
      var given: Set<String> = []
      for (index, batch) in batches.enumerated() {
        given.formUnion(batch.paths)
        guard index % 7 == 0, let cursor = batch.cursor else { continue }
        let rest = try await scene.walk(3, max: 50, after: cursor).flatMap(\.paths)
        #expect(rest.count == scene.keys.count - given.count, "SEED=\(scene.seed) batch \(index)")
        #expect(given.isDisjoint(with: rest), "SEED=\(scene.seed) batch \(index)")
        #expect(given.union(rest) == scene.keys, "SEED=\(scene.seed) batch \(index)")
      }
    }
  }

  @Test("has many requests in flight, and not many more of them than one walk")
  func parallel() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      let gate = scene.fileSystem.requester.gate
      let sent = {
        gate.control.statistics.filter { $0.verb == .list }.reduce(0) { $0 + $1.counts.sent }
      }
      let lister = try await scene.fileSystem.walk("", UFSListing(), shards: 8)
      var (most, start) = (0, sent())
      while try await lister.next(max: 100) != nil { most = max(most, gate.control.inFlightCount) }
      let needed = (scene.keys.count + 4) / 5
      #expect(Int(sent() - start) < 3 * needed, "SEED=\(scene.seed)")
      #expect(most > 1, "SEED=\(scene.seed)")
      start = sent()
      _ = try await scene.subject.tree()
      #expect(Int(sent() - start) <= needed + 2, "SEED=\(scene.seed)")
    }
  }

  @Test("goes on at the cursor of a plain walk")
  func resumedPlain() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      let lister = try await scene.fileSystem.walk("", UFSListing(order: .sorted))
      var given: Set<String> = []
      for number in 0..<12 {
        guard let batch = try await lister.next(max: 9), let cursor = batch.cursor else { break }
        given.formUnion(batch.entries.map(Scene.text))
        guard number % 4 == 3 else { continue }
        let rest = try await scene.walk(6, max: 20, after: cursor).flatMap(\.paths)
        #expect(rest.count == scene.keys.count - given.count, "SEED=\(scene.seed) batch \(number)")
        #expect(given.union(rest) == scene.keys, "SEED=\(scene.seed) batch \(number)")
      }
      await lister.close()
    }
  }

  @Test("a listing for a load waits where loads wait, one for a client goes before it")
  func purpose() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      let gate = scene.fileSystem.requester.gate
      let reactor = try #require(Reactor.current)
      // Of four questions at once loads leave one to clients.
      var held: [FlowPassBox] = []
      for _ in 0..<3 { held.append(FlowPassBox(try await gate.enter(.list, purpose: .load))) }
      let (counts, fileSystem) = (Counts(), scene.fileSystem)
      for shards in [1, 4] {
        reactor.spawn {
          let options = UFSListing(for: .load, turns: 5)
          let lister =
            shards > 1
            ? try? await fileSystem.walk("", options, shards: shards)
            : try? await fileSystem.walk("", options)
          while let batch = try? await lister?.next(max: 1000) {
            counts.entries += batch.entries.count
          }
          counts.done += 1
        }
      }
      while gate.control.core.withLock({ $0.waitingCount }) < 2 {
        await reactor.sleep(for: .zero)
      }
      #expect(try await scene.subject.tree().count == scene.keys.count, "a client's listing goes")
      #expect(counts.entries == 0, "a load's does not")
      for box in held { box.end() }
      while counts.done < 2 { await reactor.sleep(for: .milliseconds(1)) }
      #expect(counts.entries == 2 * scene.keys.count, "SEED=\(scene.seed)")
    }
  }

  @Test("a flat folder, which cannot be cut, costs hardly more questions than one walk")
  func flat() async throws {
    try await Bench.run { () async throws -> Void in
      let content = ListingOrigin.Content(
        folder: "flat/", count: 40_000, size: 1, tag: "0123456789abcdef")
      let origin = try ListingOrigin([content])
      let environment = try Bench.environment()
      let fileSystem = try S3UFS(
        try UFSURI(parsing: "s3://b"),
        MountSpecification(
          alluxioPath: "/s3", uri: "s3://b",
          options: [
            "alluxio.underfs.s3.endpoint": "http://127.0.0.1:\(origin.port)",
            "alluxio.underfs.listing.length": "100",
          ]), environment, variables: CredentialEnvironment([:]))
      let lister = try await fileSystem.walk("", UFSListing(), shards: 16)
      var count = 0
      while let batch = try await lister.next(max: 1000) {
        count += batch.entries.count(where: { $0.status.kind == .file })
      }
      #expect(count == content.count)
      let sent = environment.flow.statistics.filter { $0.verb == .list }.map(\.counts.sent)
      #expect(sent.reduce(0, +) <= 400 * 11 / 10, "\(sent) for 400 pages")
      withExtendedLifetime(origin) {}
    }
  }

  @Test("what is no directory, and a damaged cursor, is told at once")
  func refused() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      let walk = { (path: String, cursor: UFSCursor?) async -> UFSError.Code? in
        await scene.subject.code {
          _ = try await $0.walk(path, UFSListing(after: cursor), shards: 4)
        }
      }
      #expect(await walk("nothing", nil) == .notFound)
      #expect(await walk("g", nil) == .notDirectory)
      for token in ["\u{1}shards", "\u{1}shardsi9:t/", "\u{1}shardsx1:a"] {
        let code = await walk("", UFSCursor(token: token))
        #expect(token == "\u{1}shards" ? code == nil : code == .invalid, "\(token)")
      }
    }
  }

  @Test("a cursor says the places of all shards, and is read back as it was written")
  func cursor() {
    let shards = [
      S3WalkCursor.Shard(), S3WalkCursor.Shard(after: "a:1/\u{10FFFF}", until: "é/"),
      S3WalkCursor.Shard(from: "12:x/", until: nil), S3WalkCursor.Shard(after: "", until: "-/"),
    ]
    let cursor = S3WalkCursor(shards: shards)
    #expect(S3WalkCursor(cursor.cursor) == cursor)
    #expect(S3WalkCursor(UFSCursor(token: "a/"))?.shards == [S3WalkCursor.Shard(after: "a/")])
    #expect(S3WalkCursor(UFSCursor(token: "\u{1}shardsx2:a")) == nil)
  }
}

/// A pass that a test holds.
private final class FlowPassBox {
  private var pass: FlowPass?

  init(_ pass: consuming FlowPass) { self.pass = consume pass }

  func end() { pass.take()?.finish(.ok(bytes: 0)) }
}

/// What tasks of one ring counted.
// SAFETY: confined to one ring.
private final class Counts: @unchecked Sendable {
  var entries = 0
  var done = 0
}
