import DaemonDriver
import FaultProxy
import Model
import Synchronization
import Testing

@testable import UFS

@Suite("A reader gives the bytes asked for or an error, whatever the network and the store do")
struct S3ReaderTests {
  /// A file of the given size on moto, behind a proxy with a script.
  private struct Scene {
    let proxy: FaultProxy
    let direct: UFSSubject
    let proxied: UFSSubject
    let bytes: [UInt8]
    let version: FileVersion

    init(_ size: Int = 300_000, _ options: [String: String] = [:]) async throws {
      let server = try await S3Server.moto()
      direct = try await S3Bench.subject(server)
      proxy = try FaultProxy(originPort: UInt16(server.port))
      let all = ["alluxio.underfs.s3.max.error.retry": "2"].merging(options) { $1 }
      proxied = UFSSubject(
        fileSystem: try S3Bench.fileSystem(
          direct.fileSystem.rootURI, port: Int(proxy.port), all), keepAlive: 0)
      var random = SeededRandom()
      bytes = random.bytes(size)
      version = try #require(try await direct.put("f", bytes).version)
    }

    /// Reads a range through the proxy.
    func read(_ offset: Int, _ count: Int) async throws -> [UInt8] {
      let reader = try await proxied.fileSystem.open("f", expecting: version)
      let found = try await proxied.read(reader, at: Int64(offset), count).bytes
      await reader.close()
      return found
    }

    func code(_ offset: Int, _ count: Int) async -> UFSError.Code? {
      await proxied.code { _ in try await read(offset, count) }
    }
  }

  @Test("an announced range is one request, whoever reads through it in order")
  func oneFlow() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      let reader = try await scene.proxied.fileSystem.open("f", expecting: scene.version)
      reader.announce(10_000..<290_000)
      var found: [UInt8] = []
      for offset in stride(from: 10_000, to: 290_000, by: 40_000) {
        found += try await scene.proxied.read(reader, at: Int64(offset), 40_000).bytes
      }
      #expect(found == Array(scene.bytes[10_000..<290_000]))
      #expect(scene.proxy.counters.requests == 1)
      #expect(scene.proxy.requests.first?.range == 10_000...289_999)
      await reader.close()
    }
  }

  @Test("reads that overlap in time share the flow in order; others ask by themselves")
  func overlapping() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      let reader = try await scene.proxied.fileSystem.open("f", expecting: scene.version)
      reader.announce(0..<300_000)
      let box = ReaderBox(reader: reader)
      let subject = scene.proxied
      let bytes = scene.bytes
      await withTaskGroup(of: Void.self) { group in
        for index in 0..<6 {
          group.addTask {
            let offset = index * 50_000
            let found = try? await subject.read(box.reader, at: Int64(offset), 50_000).bytes
            #expect(found == Array(bytes[offset..<(offset + 50_000)]))
          }
        }
      }
      #expect(scene.proxy.counters.requests == 1)
      // Backwards, and over the announced end of a new one.
      #expect(try await subject.read(reader, at: 5, 10).bytes == Array(bytes[5..<15]))
      #expect(scene.proxy.counters.requests == 2)
      reader.announce(0..<100_000)
      #expect(
        try await subject.read(reader, at: 90_000, 20_000).bytes == Array(bytes[90_000..<110_000]))
      await reader.close()
    }
  }

  /// A reader among tasks of one ring.
  private struct ReaderBox: @unchecked Sendable {
    let reader: any UFSReader
  }

  @Test("a small gap is passed over in the same flow, and the end of the file ends a read")
  func gaps() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene(3_000_000)
      let reader = try await scene.proxied.fileSystem.open("f", expecting: scene.version)
      reader.announce(0..<3_000_000)
      for offset in [0, 500_000, 1_500_000] {
        let found = try await scene.proxied.read(reader, at: Int64(offset), 1000).bytes
        #expect(found == Array(scene.bytes[offset..<(offset + 1000)]))
      }
      #expect(scene.proxy.counters.requests == 1)
      let far = try await scene.proxied.read(reader, at: 2_900_000, 200_000).bytes
      #expect(far == Array(scene.bytes[2_900_000...]))
      #expect(scene.proxy.counters.requests == 2)
      #expect(try await scene.proxied.read(reader, at: 3_000_000, 10).bytes == [])
      #expect(scene.proxy.counters.requests == 2)
      await reader.close()
    }
  }

  @Test(
    "a connection that breaks is asked again from the byte reached",
    arguments: [
      Fault.resetBeforeHead, .closeBeforeHead, .resetAfterHead, .resetInBody(after: 100_000),
      .truncate(after: 100_000), .status(500), .status(503), .garbage,
    ])
  func healed(fault: Fault) async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      scene.proxy.play(.first(1, fault))
      if case .garbage = fault {
        #expect(await scene.code(0, 300_000) == .io)
        return
      }
      #expect(try await scene.read(0, 300_000) == scene.bytes)
      #expect(scene.proxy.requests.allSatisfy { $0.headers["if-match"] != nil })
    }
  }

  @Test("a flow that breaks goes on from the byte reached")
  func resumed() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      scene.proxy.play(.first(2, .resetInBody(after: 110_000)))
      let reader = try await scene.proxied.fileSystem.open("f", expecting: scene.version)
      reader.announce(0..<300_000)
      var found: [UInt8] = []
      for offset in stride(from: 0, to: 300_000, by: 50_000) {
        found += try await scene.proxied.read(reader, at: Int64(offset), 50_000).bytes
      }
      #expect(found == scene.bytes)
      let starts = scene.proxy.requests.compactMap { $0.range?.lowerBound }
      #expect(starts == [0, 100_000, 200_000])
      await reader.close()
    }
  }

  @Test(
    "a reply that is not what was asked for is an error, never bytes",
    arguments: [
      (Fault.wrongLength(by: 10), [UFSError.Code.io]), (.wrongLength(by: -10), [.io]),
      (.wrongRange(by: 10), [.io]), (.wrongETag, [.changed]), (.wholeObject, [.io]),
      (.truncate(after: 10), [.unavailable]), (.status(403), [.denied]),
      (.status(416), [.changed]), (.status(412), [.changed]), (.status(429), [.throttled]),
    ])
  func refused(fault: Fault, wanted: [UFSError.Code]) async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      scene.proxy.play(.always(fault))
      let code = await scene.code(1000, 50_000)
      #expect(code.map { wanted.contains($0) } == true, "\(fault) \(String(describing: code))")
    }
  }

  @Test("a whole object is taken with status 200 when all of it was asked for")
  func whole() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      scene.proxy.play(.always(.wholeObject))
      #expect(try await scene.read(0, 300_000) == scene.bytes)
      #expect(await scene.code(0, 299_999) == .io)
    }
  }

  @Test(
    "a part with status 200 is taken when range, whole length and length of the body agree",
    arguments: [
      ("bytes 1-3/6", "bcd", nil), ("bytes 1-3/6", "bcdef", .io), ("bytes 1-3/7", "bcd", .changed),
      ("bytes 1-3/*", "bcd", .io), ("bytes 0-2/6", "abc", .io), ("bytes */6", "bcd", .io),
      ("bcd", "bcd", .io),
    ] as [(String, String, UFSError.Code?)])
  func partWithStatus200(range: String, body: String, wanted: UFSError.Code?) async throws {
    try await Bench.run { () async throws -> Void in
      let store = try await ScriptedStore { _ in
        ScriptedStore.reply("200 OK", ["Content-Range: \(range)", "ETag: \"e\""], body: body)
      }
      let fileSystem = try S3Bench.fileSystem(
        "s3://b", port: store.port, ["alluxio.underfs.s3.max.error.retry": "0"])
      let subject = UFSSubject(fileSystem: fileSystem, keepAlive: store)
      let reader = try await fileSystem.open(
        "f", expecting: FileVersion(token: "\"e\"", length: 6))
      var found: [UInt8] = []
      let code = await subject.code { _ in
        found = try await subject.read(reader, at: 1, 3).bytes
      }
      #expect(code == wanted)
      #expect(found == (wanted == nil ? Array("bcd".utf8) : []))
      await reader.close()
    }
  }

  @Test("an object replaced in the middle of a read has changed, or gives its old bytes")
  func replaced() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene(2_000_000)
      let reader = try await scene.proxied.fileSystem.open("f", expecting: scene.version)
      reader.announce(0..<2_000_000)
      #expect(
        try await scene.proxied.read(reader, at: 0, 1000).bytes == Array(scene.bytes[..<1000]))
      try await scene.direct.put("f", [1, 2, 3])
      // The flow that is open still brings the old object; what asks anew is refused.
      scene.proxy.play(.always(.none))
      var rest: [UInt8] = []
      let flowing = await scene.proxied.code { _ in
        rest = try await scene.proxied.read(reader, at: 1000, 1_999_000).bytes
      }
      #expect(flowing == .changed || rest == Array(scene.bytes[1000...]))
      let code = await scene.proxied.code { _ in
        try await scene.proxied.read(reader, at: 0, 10)
      }
      #expect(code == .changed)
      try await scene.direct.fileSystem.delete("f", recursive: false)
      let gone = await scene.proxied.code { _ in
        try await scene.proxied.read(reader, at: 0, 10)
      }
      #expect(gone == .notFound || gone == .changed, "\(String(describing: gone))")
      await reader.close()
    }
  }

  @Test("a store that stalls runs into the time limit, and is asked again")
  func stalled() async throws {
    try await Bench.run { () async throws -> Void in
      // Long enough for the replies that do not stall, on a machine that is busy.
      let scene = try await Scene(300_000, ["alluxio.underfs.s3.socket.timeout": "4s"])
      scene.proxy.play(.first(1, .stall(after: 100_000)))
      #expect(try await scene.read(0, 300_000) == scene.bytes)
      let hasty = try await Scene(
        300_000, ["alluxio.underfs.s3.socket.timeout": "300ms"])
      hasty.proxy.play(.always(.stall(after: nil)))
      #expect(await hasty.code(0, 10) == .unavailable)
    }
  }

  @Test("of many reads of which one in ten fails, all are healed by few more requests")
  func storm() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene(300_000, ["alluxio.underfs.s3.max.error.retry": ""])
      var random = SeededRandom()
      let seed = UInt64.random(in: 0...UInt64.max, using: &random)
      scene.proxy.play(
        .share(
          0.1, of: [.resetBeforeHead, .resetAfterHead, .status(500), .status(503)], seed: seed))
      for index in 0..<200 {
        let offset = index * 1000
        #expect(
          try await scene.read(offset, 1000) == Array(scene.bytes[offset..<(offset + 1000)]),
          "SEED=\(seed)")
      }
      #expect(scene.proxy.counters.requests <= 245, "SEED=\(seed)")
    }
  }

  @Test("a version that no store gave has changed before anything is asked")
  func foreign() async throws {
    try await Bench.run { () async throws -> Void in
      let scene = try await Scene()
      let code = await scene.proxied.code { fileSystem in
        try await fileSystem.open("f", expecting: FileVersion(token: "1-2-3\r\nx: y", length: 3))
      }
      #expect(code == .changed)
      #expect(scene.proxy.counters.requests == 0)
    }
  }
}
