import FaultProxy
import Model
import Ring
import Testing

@testable import UFS

@Suite("Reads by ranges, through whatever store answers them")
struct RangedFlowTests {
  /// A store whose file has three bytes, and a mount of its own flow control.
  private struct Scene {
    let store: ScriptedStore
    let control: FlowControl
    let fileSystem: S3UFS
    let version = FileVersion(token: "\"e\"", length: 3)

    init(_ limits: FlowLimits = FlowLimits(), _ options: [String: String] = [:]) async throws {
      store = try await ScriptedStore { request in
        let start = request.fields["range"] ?? ""
        let first = start.utf8.dropFirst("bytes=".utf8.count).first.map { Int($0) - 0x30 } ?? 0
        let body = Array("abc".utf8)[first...]
        let text = String(
          decoding: start.hasSuffix("-\(first)") ? body.prefix(1) : body, as: UTF8.self)
        return ScriptedStore.reply(
          "206 Partial Content",
          ["Content-Range: bytes \(first)-\(first + text.utf8.count - 1)/3", "ETag: \"e\""],
          body: text)
      }
      control = FlowControl(limits: limits)
      fileSystem = try RangedBench.fileSystem(store.port, control, options)
    }

    func reader(_ path: String) async throws(UFSError) -> any UFSReader {
      try await fileSystem.open(path, expecting: version, for: .load)
    }
  }

  /// A reader among tasks of one ring.
  private struct ReaderBox: @unchecked Sendable {
    let reader: any UFSReader
  }

  /// Reads one byte.
  private static func readByte(_ box: ReaderBox) async -> UInt8? {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
    defer { buffer.deallocate() }
    guard (try? await box.reader.read(into: buffer, at: 0))?.count == 1 else { return nil }
    return buffer[0]
  }

  @Test("a thousand reads of one file do not keep another file, or a job, from its next read")
  func fairness() async throws {
    try await Bench.run { () async throws -> Void in
      var limits = FlowLimits()
      limits.countMax = 1
      let scene = try await Scene(limits)
      let gate = scene.fileSystem.requester.gate
      let held = HeldPass(try await gate.enter(.get, purpose: .demand))
      let greedy = ReaderBox(reader: try await scene.reader("greedy"))
      let modest = ReaderBox(reader: try await scene.reader("modest"))
      let job = ReaderBox(reader: try await scene.reader("of a job"))
      job.reader.takeTurns(as: 7)
      await withTaskGroup(of: UInt8?.self) { group in
        for _ in 0..<1000 { group.addTask { await Self.readByte(greedy) } }
        while waiting(scene.control) < 1000 { await Task.yield() }
        for reader in [modest, job] {
          for _ in 0..<3 { group.addTask { await Self.readByte(reader) } }
        }
        while waiting(scene.control) < 1006 { await Task.yield() }
        held.end()
        for await byte in group { #expect(byte == UInt8(ascii: "a")) }
      }
      let lines = scene.store.requests.map(\.line)
      for name in ["/modest", "/of%20a%20job"] {
        let last = try #require(lines.lastIndex { $0.contains(name) })
        #expect(last < 12, "\(name) was served at \(last)")
      }
      #expect(lines.count == 1006)
      #expect(scene.control.inFlightCount == 0)
    }
  }

  private func waiting(_ control: FlowControl) -> Int {
    control.statistics.reduce(0) { $0 + $1.waiting }
  }

  @Test("a read that ends at its range's end, or fails for good, leaves nothing in flight")
  func nothingLeft() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      let reader = ReaderBox(reader: try await scene.reader("f"))
      for _ in 0..<3 { #expect(await Self.readByte(reader) == UInt8(ascii: "a")) }
      #expect(scene.control.inFlightCount == 0)
      reader.reader.announce(0..<3)
      #expect(await Self.readByte(reader) == UInt8(ascii: "a"))
      // A stream that nobody reads rests.
      #expect(scene.control.inFlightCount == 0)
      await reader.reader.close()
      let other = try await scene.fileSystem.open(
        "f", expecting: FileVersion(token: "\"other\"", length: 3))
      #expect(await Self.readByte(ReaderBox(reader: other)) == nil)
      #expect(scene.control.inFlightCount == 0)
    }
  }

  @Test("a second request brings what the first is slow to bring, and the first is given up")
  func hedged() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene(
        FlowLimits(), ["penstock.worker.ufs.hedge.percentile": "0.9"])
      let proxy = try FaultProxy(originPort: UInt16(scene.store.port))
      let fileSystem = try RangedBench.fileSystem(
        Int(proxy.port), scene.control, ["penstock.worker.ufs.hedge.percentile": "0.9"])
      let reader = ReaderBox(
        reader: try await fileSystem.open("f", expecting: scene.version, for: .demand))
      for _ in 0..<LatencyEstimate.sampleCountMin {
        #expect(await Self.readByte(reader) == UInt8(ascii: "a"))
      }
      let row = { scene.control.statistics.first { $0.verb == .get && $0.counts.sent > 0 } }
      let before = try #require(row()).counts
      let requestCount = proxy.counters.requests
      proxy.play(.first(1, .stall(after: nil)))
      #expect(await Self.readByte(reader) == UInt8(ascii: "a"))
      let after = try #require(row()).counts
      #expect(proxy.counters.requests == requestCount + 2)
      #expect(after.hedged == before.hedged + 1)
      while scene.control.inFlightCount > 0 { await Task.yield() }
      #expect(try #require(row()).counts.hedgesWon == before.hedgesWon + 1)
      // Nothing is doubled while the store refuses.
      proxy.play(.first(1, .status(503)))
      #expect(await Self.readByte(reader) == UInt8(ascii: "a"))
      let hedged = try #require(row()).counts.hedged
      // Few: on a slow machine the store's refusal is soon long ago.
      for _ in 0..<3 { #expect(await Self.readByte(reader) == UInt8(ascii: "a")) }
      #expect(try #require(row()).counts.hedged == hedged)
    }
  }
}

/// Mounts with flow control of their own.
enum RangedBench {
  /// A bucket on `port`, under `control`.
  static func fileSystem(
    _ port: Int, _ control: FlowControl, _ options: [String: String] = [:]
  ) throws -> S3UFS {
    let all = [
      "alluxio.underfs.s3.endpoint": "http://127.0.0.1:\(port)", "s3a.accessKeyId": "k",
      "s3a.secretKey": "s",
    ].merging(options) { $1 }
    return try S3UFS(
      try UFSURI(parsing: "s3://b"),
      MountSpecification(alluxioPath: "/s3-\(port)", uri: "s3://b", options: all),
      try Bench.environment(flow: control),
      variables: CredentialEnvironment([:]))
  }
}
