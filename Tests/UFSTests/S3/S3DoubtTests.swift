import HTTPWire
import Model
import Ring
import Testing

@testable import UFS

@Suite("A store is believed what it said, and nothing more")
struct S3DoubtTests {
  private typealias Store = ScriptedStore

  private static func page(_ text: String) -> String {
    "<?xml version=\"1.0\"?><ListBucketResult>\(text)</ListBucketResult>"
  }

  private func failure(
    of store: ScriptedStore, _ body: @escaping @Sendable (S3UFS) async throws -> Void
  ) async throws -> UFSError? {
    try await Bench.run {
      let fileSystem = try S3Bench.fileSystem("s3://bkt", port: store.port)
      do {
        try await body(fileSystem)
        return nil
      } catch { return error as? UFSError }
    }
  }

  @Test("a bulk deletion that is answered with another document is not done")
  func bulk() async throws {
    let listed =
      "<IsTruncated>false</IsTruncated>"
      + ["d/a", "d/b"].map {
        "<Contents><Key>\($0)</Key><Size>1</Size><ETag>\"e\"</ETag>"
          + "<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
      }.joined()
    let store = try await Store { request in
      if request.line.hasPrefix("HEAD") { return Store.reply("404 Not Found") }
      return request.line.hasPrefix("POST")
        ? Store.reply("200 OK", body: "<html><body/></html>")
        : Store.reply("200 OK", body: Self.page(listed))
    }
    let error = try await failure(of: store) { try await $0.delete("d", recursive: true) }
    #expect(error?.code == .io)
    #expect("\(error as Any)".contains("counts as not done"))
  }

  @Test("an object that is not there after a PUT without an entity tag is not written")
  func unwritten() async throws {
    let store = try await Store { request in
      request.line.hasPrefix("HEAD")
        ? Store.reply("404 Not Found")
        : Store.reply("200 OK", body: "<html>welcome</html>")
    }
    let error = try await failure(of: store) { fileSystem in
      let writer = try await fileSystem.create("f", .replacing)
      _ = try await writer.commit()
    }
    #expect(error?.code == .io)
    #expect("\(error as Any)".contains("NotWritten"))
  }

  @Test("a page without keys that is not the last does not make a directory absent")
  func emptyPage() async throws {
    let store = try await Store { request in
      if request.line.hasPrefix("HEAD") { return Store.reply("404 Not Found") }
      return request.line.contains("continuation-token")
        ? Store.reply(
          "200 OK",
          body: Self.page(
            "<IsTruncated>false</IsTruncated><Contents><Key>d/x</Key><Size>1</Size>"
              + "<ETag>\"e\"</ETag></Contents>"))
        : Store.reply(
          "200 OK",
          body: Self.page(
            "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"))
    }
    try await Bench.run {
      let fileSystem = try S3Bench.fileSystem("s3://bkt", port: store.port)
      #expect(try await fileSystem.status(of: "d").kind == .directory)
    }
    #expect(store.requests.count == 3)
  }

  @Test("an error in a listing's body is the store's error")
  func listedError() async throws {
    let store = try await Store { _ in
      Store.error("200 OK", "AccessDenied")
    }
    let error = try await failure(of: store) { _ = try await $0.list("", UFSListing()) }
    #expect(error?.code == .denied)
    #expect("\(error as Any)".contains("AccessDenied"))
  }

  @Test("a reply without a length is told as that")
  func lengthless() async throws {
    let store = try await Store { _ in
      "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nConnection: close\r\n\r\n"
    }
    let error = try await failure(of: store) { _ = try await $0.status(of: "f") }
    #expect("\(error as Any)".contains("does not say how long"))
  }

  @Test("writers that share the memory of one part all end, and give it back")
  func memory() async throws {
    let store = try await Store { request in
      if request.line.contains("?uploads") {
        return Store.reply(
          "200 OK",
          body:
            "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
      }
      if request.line.hasPrefix("POST") {
        return Store.reply(
          "200 OK",
          body:
            "<CompleteMultipartUploadResult><ETag>\"e-3\"</ETag></CompleteMultipartUploadResult>")
      }
      return Store.reply("200 OK", ["ETag: \"e\""])
    }
    var environment = try S3Bench.environment
    let uploads = UploadMemory(limit: 6 << 20)
    environment.uploads = uploads
    let shared = environment
    try await Bench.run {
      let fileSystem = try S3Bench.fileSystem(
        "s3://bkt", port: store.port,
        ["alluxio.underfs.s3.multipart.upload.partition.size": "5MB"], in: shared)
      try await withThrowingTaskGroup(of: Int64.self) { group in
        for number in 0..<4 {
          group.addTask {
            let writer = try await fileSystem.create("f\(number)", .replacing)
            let bytes = [UInt8](repeating: 1, count: 1 << 20)
            for _ in 0..<12 {
              let span = UnsafeMutableRawBufferPointer.allocate(
                byteCount: bytes.count, alignment: 16)
              defer { span.deallocate() }
              span.copyBytes(from: bytes)
              try await writer.append(UnsafeRawBufferPointer(span))
            }
            return try await writer.commit().length
          }
        }
        for try await length in group { #expect(length == 12 << 20) }
      }
      #expect(uploads.used == 0)
    }
    #expect(store.requests.count { $0.line.hasPrefix("PUT") } == 12)
  }
}
