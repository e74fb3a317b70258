import DaemonDriver
import FaultProxy
import Model
import Testing

@testable import UFS

@Suite("Objects are written whole, in one piece or in parts")
struct S3WriterTests {
  /// A bucket behind a proxy, with small parts.
  private func scene() async throws -> (UFSSubject, UFSSubject, FaultProxy) {
    let server = try await S3Server.moto()
    let direct = try await S3Bench.subject(server)
    let proxy = try FaultProxy(originPort: UInt16(server.port))
    let options = [
      "alluxio.underfs.s3.multipart.upload.partition.size": "5MB",
      "alluxio.underfs.s3.max.error.retry": "2",
    ]
    let proxied = UFSSubject(
      fileSystem: try S3Bench.fileSystem(
        direct.fileSystem.rootURI, port: Int(proxy.port), options), keepAlive: 0)
    return (direct, proxied, proxy)
  }

  private func uploads(_ proxy: FaultProxy, _ method: String, _ text: String) -> Int {
    proxy.requests.count { $0.method == method && $0.target.contains(text) }
  }

  @Test("more than a part is uploaded in parts, exactly a part in one request")
  func parts() async throws {
    try await Bench.run { () async throws -> Void in
      let (_, proxied, proxy) = try await scene()
      var random = SeededRandom()
      let bytes = random.bytes(11_000_000)
      let status = try await proxied.put("big", bytes, .exclusive)
      #expect(uploads(proxy, "PUT", "partNumber=") == 3)
      #expect(status.version?.token.hasSuffix("-3\"") == true)
      #expect(try await proxied.fileSystem.status(of: "big").version == status.version)
      #expect(try await proxied.contents("big") == bytes)
      let part = Array(bytes[..<(5 << 20)])
      try await proxied.put("part", part)
      #expect(uploads(proxy, "PUT", "partNumber=") == 3)
      #expect(try await proxied.contents("part") == part)
      // Small pieces fill parts as well.
      let writer = try await proxied.fileSystem.create("pieces", .replacing)
      for start in stride(from: 0, to: bytes.count, by: 1_000_001) {
        try await proxied.append(
          Array(bytes[start..<min(bytes.count, start + 1_000_001)]), to: writer)
      }
      #expect(try await writer.commit().length == 11_000_000)
      #expect(try await proxied.contents("pieces") == bytes)
    }
  }

  @Test("an upload that is aborted or dropped leaves neither object nor parts")
  func aborted() async throws {
    try await Bench.run { () async throws -> Void in
      let (direct, proxied, proxy) = try await scene()
      var random = SeededRandom()
      let bytes = random.bytes(6_000_000)
      let writer = try await proxied.fileSystem.create("x", .replacing)
      try await proxied.append(bytes, to: writer)
      await writer.abort()
      #expect(uploads(proxy, "DELETE", "uploadId=") == 1)
      do {
        let dropped = try await proxied.fileSystem.create("x", .replacing)
        try await proxied.append(bytes, to: dropped)
      }
      for _ in 0..<10_000_000 where uploads(proxy, "DELETE", "uploadId=") < 2 {
        await Task.yield()
      }
      #expect(uploads(proxy, "DELETE", "uploadId=") == 2)
      #expect(try await direct.entries("").isEmpty)
    }
  }

  @Test("a part that fails is sent again, and a writer that fails leaves nothing visible")
  func failing() async throws {
    try await Bench.run { () async throws -> Void in
      let (direct, proxied, proxy) = try await scene()
      var random = SeededRandom()
      let bytes = random.bytes(6_000_000)
      proxy.play(.first(1, .status(503)) { $0.target.contains("partNumber=") })
      try await proxied.put("healed", bytes)
      #expect(try await direct.contents("healed") == bytes)
      proxy.play(FaultScript { $0.target.contains("partNumber=2") ? .status(500) : .none })
      #expect(await proxied.code { _ in try await proxied.put("lost", bytes) } == .unavailable)
      #expect(try await direct.entries("").map(\.name) == ["healed"])
    }
  }

  @Test("two that create the same name exclusively: the second is told, parts or not")
  func exclusive() async throws {
    try await Bench.run { () async throws -> Void in
      let (direct, proxied, proxy) = try await scene()
      let first = try await proxied.fileSystem.create("f", .exclusive)
      try await proxied.append([1], to: first)
      try await direct.put("f", [2])
      #expect(await proxied.code { _ in try await first.commit() } == .exists)
      #expect(proxy.requests.allSatisfy { $0.method != "PUT" })
      #expect(try await direct.contents("f") == [2])
    }
  }

  @Test("large trees are deleted in bulk")
  func bulk() async throws {
    try await Bench.run { () async throws -> Void in
      let (direct, proxied, proxy) = try await scene()
      for index in 0..<30 { try await direct.put("d/x&<\(index)", [1]) }
      try await proxied.fileSystem.delete("d", recursive: true)
      #expect(uploads(proxy, "POST", "delete") == 1)
      #expect(uploads(proxy, "DELETE", "") == 0)
      #expect(try await direct.entries("").isEmpty)
    }
  }

  @Test(
    "a mount that is read-only changes nothing, and cannot rename or write in place in any case")
  func refused() async throws {
    try await Bench.run { () async throws -> Void in
      let server = try await S3Server.moto()
      let subject = try await S3Bench.subject(server, ["readonly": "true"])
      #expect(!subject.fileSystem.capabilities.contains(.write))
      #expect(await subject.code { try await $0.create("f", .replacing) } == .denied)
      #expect(await subject.code { try await $0.makeDirectory("d", recursive: true) } == .denied)
      #expect(await subject.code { try await $0.delete("d", recursive: true) } == .denied)
      let other = try await S3Bench.subject(server)
      #expect(
        await other.code { try await $0.rename("a", to: "b", replacing: true) } == .unsupported)
      #expect(
        await other.code { _ in try await other.write([1], to: "a", at: 0) } == .unsupported)
    }
  }

  @Test("keys that no path can name are counted, not listed, and deleted with their directory")
  func unnameable() async throws {
    try await Bench.run { () async throws -> Void in
      let server = try await S3Server.moto()
      let subject = try await S3Bench.subject(server)
      let fileSystem = try #require(subject.fileSystem as? S3UFS)
      try await subject.put("d/a", [1])
      for key in ["d//x", "d/./y", "d/../z"] {
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        _ = try await fileSystem.requester.performEmpty(
          fileSystem.put(empty, key, "d", "test.put"))
      }
      let batches = try await subject.drain(try await fileSystem.list("d", UFSListing()))
      #expect(batches.flatMap(\.entries).map(\.name) == ["a"])
      #expect(batches.reduce(0) { $0 + $1.leftOutCount } == 3)
      let walk = try await subject.drain(try await fileSystem.walk("", UFSListing()))
      #expect(walk.flatMap(\.entries).map(\.path).sorted() == ["d", "d/a"])
      #expect(walk.reduce(0) { $0 + $1.leftOutCount } == 3)
      try await fileSystem.delete("d", recursive: true)
      #expect(try await subject.entries("").isEmpty)
    }
  }
}
