import DaemonDriver
import FaultProxy
import Model
import Testing

@testable import HTTPWire
@testable import UFS

@Suite("Objects are written whole, in one piece or in parts")
struct S3WriterTests {
  /// A bucket behind a proxy, with small parts.
  private func scene() async throws -> (UFSSubject, UFSSubject, FaultProxy) {
    let server = try await S3Server.motoForUploads()
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

  @Test(
    "an upload that is aborted or dropped leaves neither object nor parts",
    .timeLimit(.minutes(5)))
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
      let isSeen = await proxy.arrival(of: 2) {
        $0.method == "DELETE" && $0.target.contains("uploadId=")
      }
      #expect(isSeen)
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

  @Test("a touched object keeps its type, coding, directives and own metadata")
  func touched() async throws {
    try await Bench.run { () async throws -> Void in
      let server = try await S3Server.moto()
      let subject = try await S3Bench.subject(server)
      let fileSystem = try #require(subject.fileSystem as? S3UFS)
      var put = fileSystem.request(.put, "page.html", "test.put")
      put.fields = [
        ("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip"),
        ("Cache-Control", "max-age=60"), ("Content-Disposition", "inline"),
        ("Content-Language", "de"), ("x-amz-meta-owner", "a b"),
        ("x-amz-storage-class", "STANDARD_IA"),
      ]
      let bytes: [UInt8] = [1, 2, 3]
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: 3, alignment: 1)
      defer { copy.deallocate() }
      copy.copyBytes(from: bytes)
      put.body = UnsafeRawBufferPointer(copy)
      _ = try await fileSystem.requester.performEmpty(put)
      let before = try #require(try await fileSystem.object("page.html", "test"))
      try await fileSystem.touch("page.html")
      let after = try #require(try await fileSystem.object("page.html", "test"))
      for (name, value) in put.fields {
        #expect(before.head.field(name) == value, "\(name)")
        #expect(after.head.field(name) == value, "\(name)")
      }
      #expect(try await subject.contents("page.html") == bytes)
    }
  }

  @Test("metadata that is no text is not carried over by halves: such an object is left alone")
  func untouchable() {
    var head = HTTPResponseHead()
    head.lines = Array("Content-Type: a\r\nx-amz-meta-a: ".utf8) + [0xE9, 0x0D, 0x0A, 0x0D, 0x0A]
    #expect(S3Metadata.fields(of: head) == nil)
    head.lines = Array("Content-Type: a\r\nDate: b\r\nX-Amz-Meta-C: d\r\n\r\n".utf8)
    #expect(S3Metadata.fields(of: head)?.map(\.name) == ["content-type", "x-amz-meta-c"])
  }

  @Test(
    "an upload that the store completed is not told as failed, whatever its answer looks like",
    arguments: [
      "<MultipartDone><ETag>\"abc-1\"</ETag></MultipartDone>", "<html>fine</html>", "",
      "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>",
    ])
  func completed(answer: String) async throws {
    let store = try await ScriptedStore { request in
      if request.line.hasPrefix("HEAD") {
        return "HTTP/1.1 200 OK\r\nContent-Length: 5242881\r\nETag: \"abc-2\"\r\n\r\n"
      }
      if request.line.hasPrefix("PUT") { return ScriptedStore.reply("200 OK", ["ETag: \"p\""]) }
      return request.line.contains("uploads=")
        ? ScriptedStore.reply(
          "200 OK",
          body:
            "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
        )
        : ScriptedStore.reply("200 OK", body: answer)
    }
    try await Bench.run {
      let fileSystem = try S3Bench.fileSystem(
        "s3://bkt", port: store.port,
        ["alluxio.underfs.s3.multipart.upload.partition.size": "5MB"])
      let subject = UFSSubject(fileSystem: fileSystem, keepAlive: 0)
      let status = try await subject.put("f", [UInt8](repeating: 7, count: (5 << 20) + 1))
      #expect(status.version?.token.hasPrefix("\"abc-") == true)
      #expect(status.length == (5 << 20) + 1)
    }
  }

  @Test("an answer of success after which another object is there, or none, is a failure")
  func uncompleted() async throws {
    for head in ["\"abc-3\"", "\"abc\"", nil] {
      let store = try await ScriptedStore { request in
        if request.line.hasPrefix("HEAD") {
          return head.map {
            "HTTP/1.1 200 OK\r\nContent-Length: 5242881\r\nETag: \($0)\r\n\r\n"
          } ?? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        }
        if request.line.hasPrefix("PUT") { return ScriptedStore.reply("200 OK", ["ETag: \"p\""]) }
        return request.line.contains("uploads=")
          ? ScriptedStore.reply(
            "200 OK",
            body:
              "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
          )
          : ScriptedStore.reply("200 OK", body: "<html>fine</html>")
      }
      try await Bench.run {
        let fileSystem = try S3Bench.fileSystem(
          "s3://bkt", port: store.port,
          ["alluxio.underfs.s3.multipart.upload.partition.size": "5MB"])
        let subject = UFSSubject(fileSystem: fileSystem, keepAlive: 0)
        let bytes = [UInt8](repeating: 7, count: (5 << 20) + 1)
        #expect(await subject.code { _ in try await subject.put("f", bytes) } == .io)
      }
    }
  }
}
