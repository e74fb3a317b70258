// Requests that are wrong in every way a network can think of.

import DaemonDriver
import Foundation
import Testing

/// A request as raw bytes, and the statuses that are right answers.
struct BadRequest: Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: [UInt8]
  let statuses: Set<Int>
  /// Whether the error must come as JSON.
  var isJSON = true

  init(_ name: String, _ text: String, _ statuses: Set<Int>) {
    self.name = name
    self.bytes = Array(text.utf8)
    self.statuses = statuses
  }

  var testDescription: String { name }

  /// A well-formed `GET` of a bad target.
  static func get(_ target: String, _ statuses: Set<Int>, header: String = "") -> BadRequest {
    BadRequest(
      "GET \(target.prefix(60)) \(header.prefix(40))",
      "GET \(target) HTTP/1.1\r\nHost: a\r\n\(header.isEmpty ? "" : header + "\r\n")\r\n", statuses)
  }

  static let heads: [BadRequest] = [
    BadRequest("no target", "GET\r\n\r\n", [400]),
    BadRequest("no version", "GET /v1/health\r\n\r\n", [400, 505]),
    BadRequest("another version", "GET /v1/health HTTP/9.9\r\nHost: a\r\n\r\n", [400, 505]),
    BadRequest("not HTTP", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n", [400]),
    BadRequest("a method with signs", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", [400, 501]),
    BadRequest(
      "an unknown method", "BREW /v1/health HTTP/1.1\r\nHost: a\r\n\r\n", [400, 405, 501]),
    BadRequest("no host", "GET /v1/health HTTP/1.1\r\n\r\n", [400]),
    BadRequest("two hosts", "GET /v1/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", [400]),
    BadRequest("a header without a colon", "GET / HTTP/1.1\r\nHost: a\r\nbad\r\n\r\n", [400]),
    BadRequest("a space before a colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", [400]),
    BadRequest("a folded header", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", [400]),
    BadRequest("a zero byte", "GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
    BadRequest("a zero byte in a header", "GET / HTTP/1.1\r\nHost: a\u{0}\r\n\r\n", [400]),
    BadRequest(
      "a negative length", "POST /v1/touch/- HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
      [400]),
    BadRequest(
      "a length beyond 64 bits",
      "POST /v1/touch/- HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
      [400, 413]),
    BadRequest(
      "two lengths",
      "POST /v1/touch/- HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      [400]),
    BadRequest(
      "a length and chunks",
      "POST /v1/touch/- HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      [400]),
    BadRequest(
      "an unknown coding",
      "POST /v1/touch/- HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: rot13\r\n\r\n", [400, 501]),
    BadRequest(
      "a huge head",
      "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 1 << 20))\r\n\r\n", [431]),
    BadRequest(
      "a huge target", "GET /\(String(repeating: "a", count: 1 << 18)) HTTP/1.1\r\nHost: a\r\n\r\n",
      [414, 431]),
    BadRequest(
      "a thousand headers",
      "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X-Header-Name: some value\r\n", count: 5000))\r\n",
      [431]),
  ]

  static let targets: [BadRequest] = [
    get("/v1/none", [404]),
    get("/", [404]),
    get("/v2/info?path=file:///x", [404]),
    get("/v1/info", [400]),
    get("/v1/chunk/-", [400]),
    get("/v1/load?path=DATA&opType=juggle", [400]),
    get("/v1/load?path=DATA/none&opType=progress", [404]),
    BadRequest(
      "the wrong method", "DELETE /v1/files HTTP/1.1\r\nHost: a\r\n\r\n", [400, 405, 501]),
    BadRequest(
      "GET of a mutation", "GET /v1/rm/-?ufsFullPath=DATA/file HTTP/1.1\r\nHost: a\r\n\r\n",
      [404, 405]),
    get("/v1/range/-?ufsFullPath=DATA/file&offset=-1&length=5", [400, 416]),
    get("/v1/range/-?ufsFullPath=DATA/file&offset=0&length=-5", [400, 416]),
    get("/v1/range/-?ufsFullPath=DATA/file&offset=99999999999999999999&length=1", [400, 416]),
    get("/v1/range/-?ufsFullPath=DATA/file&offset=x&length=1", [400]),
    get("/v1/file/-/page/-1?ufsFullPath=DATA/file", [400, 404]),
    get("/v1/file/-/page/99999999999999999999?ufsFullPath=DATA/file", [400, 404]),
    get("/v1/file/-/page/9223372036854775807?ufsFullPath=DATA/file", [400, 404, 416]),
    get("/v1/file/-/page/x?ufsFullPath=DATA/file", [400, 404]),
    get("/v1/head/-?ufsFullPath=DATA/file&numOfBytes=-1", [400]),
    get("/v1/tail/-?ufsFullPath=DATA/file&numOfBytes=99999999999999999999", [400]),
    get("/v1/chunk/\(String(repeating: "0", count: 64))?ufsFullPath=DATA/file", [400]),
    get("/v1/info?path=DATA/%00", [400, 404, 500]),
    get("/v1/info?path=nonsense", [400, 403, 404]),
    get("/v1/info?path=s3://bucket/key", [400, 403, 404, 500]),
    get("/v1/chunk/-?ufsFullPath=DATA/file%zz", [400, 404]),
    get("/v1/chunk/-?ufsFullPath=DATA", [400, 404, 409]),
    get("/v1/chunk/-?ufsFullPath=DATA/file/below", [400, 404]),
    get("/v1/chunk/-?ufsFullPath=DATA/\(String(repeating: "n", count: 5000))", [400, 404, 414]),
  ]

  static let escapes: [BadRequest] = [
    get("/v1/info?path=file%3A%2F%2F%2Fetc%2Fpasswd", [403]),
    get("/v1/chunk/-?ufsFullPath=file:///etc/passwd", [403]),
    get("/v1/chunk/-?ufsFullPath=DATA/../outside", [403]),
    get("/v1/chunk/-?ufsFullPath=DATA/%2e%2e/outside", [403]),
    get("/v1/chunk/-?ufsFullPath=DATA/%252e%252e/outside", [403, 404]),
    get("/v1/chunk/-?ufsFullPath=DATA/sub/../../outside", [403]),
    get("/v1/chunk/-?ufsFullPath=DATA/link-out", [403]),
    get("/v1/chunk/-?ufsFullPath=DATA/folder-out/passwd", [403]),
    get("/v1/files?path=DATA/folder-out", [403]),
    get("/v1/chunk/-?ufsFullPath=DATAX/file", [403, 404]),
    BadRequest(
      "a move out of the mount",
      "POST /v1/mv/-?srcPath=DATA/file&dstPath=DATA/../stolen HTTP/1.1\r\nHost: a\r\n\r\n", [403]),
    BadRequest(
      "a removal outside of the mount",
      "POST /v1/rm/-?ufsFullPath=DATA/../outside HTTP/1.1\r\nHost: a\r\n\r\n", [403]),
    BadRequest(
      "a write through a link",
      "POST /v1/chunk/-?ufsFullPath=DATA/folder-out/new HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
      [403]),
  ]

  static let objects: [BadRequest] = [
    get("/data/none", [404]), get("/none/file", [403, 404]), get("/data/link-out", [403, 404]),
    get("/data/../../etc/passwd", [400, 403, 404]), get("/data/%2e%2e/outside", [400, 403, 404]),
    get("/data/..%2foutside", [400, 403, 404]), get("/data/folder-out/passwd", [403, 404]),
    get("/data/file%00", [400, 404]), get("/data/%zz", [400, 404]), get("*", [400, 404]),
    get("//etc/passwd", [400, 403, 404]),
  ]

  /// Ranges that are no ranges: the whole object, a part of it, or 416, but never a fault.
  static let ranges: [String] = [
    "bytes=0--2", "bytes=abc", "bytes=5-2", "bytes=", "bytes=-", "bytes", "lines=0-1",
    "bytes=0-1,3-4",
    "bytes=99999999999999999999-", "bytes=0-99999999999999999999", "bytes=-99999999999999999999",
    "bytes=9223372036854775807-9223372036854775807", "bytes=-0", "bytes=1000000-", "bytes= 0-1",
    "bytes=+1-2", "bytes=0x1-0x2", "bytes=0-1-2",
  ]
}

extension Integration {
  @Suite("Bad requests")
  struct BadRequestTests {
    @Test("malformed and oversized heads get their status as JSON, and the daemon lives")
    func heads() async throws { try await check(BadRequest.heads, port: { $0.rest }) }

    @Test("bad endpoints, parameters and numbers get their status as JSON, and the daemon lives")
    func targets() async throws { try await check(BadRequest.targets, port: { $0.rest }) }

    @Test("no path leads out of its mount, however it is spelled")
    func escapes() async throws { try await check(BadRequest.escapes, port: { $0.rest }) }

    @Test("the object port refuses what it does not have and what is outside")
    func objects() async throws {
      try await check(BadRequest.objects, port: { $0.object }, json: false)
      try await check(BadRequest.heads, port: { $0.object }, json: false)
    }

    @Test("a range that is no range never faults and never returns wrong bytes")
    func ranges() async throws {
      try await blocking {
        let content = patterned(10_000, seed: 3)
        let fixture = try Fixture { try writeBytes(content, to: "\($0)/file") }
        for range in BadRequest.ranges {
          let response = try fixture.objects().request(
            "GET", "/data/file", headers: [("Range", range)])
          switch response.status {
          case 200: #expect(identical(response.body, content), "\(range)")
          case 206: #expect(isPart(response, of: content), "\(range): \(response.headers)")
          default: #expect(response.status == 416, "\(range)")
          }
        }
        fixture.expectAlive()
      }
    }

    @Test("random bytes and half requests leave the daemon alive and its connections closed")
    func noise() async throws {
      try await blocking {
        let fixture = try Fixture { try writeBytes([1, 2, 3], to: "\($0)/file") }
        let before = ProcessFacts.descriptorCount(fixture.daemon.process.pid)
        for seed in 1...200 {
          let port = seed % 2 == 0 ? fixture.daemon.ports.rest : fixture.daemon.ports.object
          let connection = try HTTPConnection(port: port, seconds: 5)
          var bytes = patterned(seed * 7, seed: seed)
          if seed % 3 == 0 {
            bytes = Array("POST /v1/chunk/-?ufsFullPath=x HTTP/1.1\r\n".utf8) + bytes
          }
          try? connection.send(bytes)
        }
        let isClosed = eventually {
          ProcessFacts.descriptorCount(fixture.daemon.process.pid) <= before
        }
        #expect(isClosed, "SEED=1...200")
        fixture.expectAlive()
      }
    }

    private func check(
      _ requests: [BadRequest], port: @escaping @Sendable (DaemonPorts) -> UInt16, json: Bool = true
    ) async throws {
      try await blocking {
        let outside = try ScratchDirectory("outside")
        try writeBytes([9], to: outside.path("passwd"))
        let fixture = try Fixture { folder in
          try writeBytes([1, 2, 3], to: "\(folder)/file")
          try makeDirectories("\(folder)/sub")
          try writeBytes([9], to: "\(folder)/../outside")
          try FileManager.default.createSymbolicLink(
            atPath: "\(folder)/link-out", withDestinationPath: outside.path("passwd"))
          try FileManager.default.createSymbolicLink(
            atPath: "\(folder)/folder-out", withDestinationPath: outside.path)
        }
        for request in requests {
          let text = String(decoding: request.bytes, as: UTF8.self)
            .replacing("DATA", with: "file://\(fixture.folder)")
          let connection = try HTTPConnection(
            port: port(fixture.daemon.ports), seconds: 10)
          let response: HTTPResponse
          do {
            // A server that refuses early may close before everything is sent.
            try? connection.send(Array(text.utf8))
            response = try connection.receive()
          } catch {
            Issue.record("\(request.name): \(error)")
            continue
          }
          #expect(request.statuses.contains(response.status), "\(request.name): \(response.status)")
          if json {
            #expect(
              isJSONMessage(response), "\(request.name): \(response.headers) \(response.text)")
          }
        }
        #expect(try readBytes("\(fixture.folder)/file") == [1, 2, 3])
        #expect(try readBytes("\(fixture.folder)/../outside") == [9])
        #expect(names(in: outside.path) == ["passwd"])
        fixture.expectAlive()
      }
    }

    private func isJSONMessage(_ response: HTTPResponse) -> Bool {
      guard response.headers["content-type"]?.hasPrefix("application/json") == true,
        let object = try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any],
        let message = object["message"] as? String
      else { return false }
      return !message.isEmpty
    }

    /// Whether the body is the part of `content` that the response's Content-Range names.
    private func isPart(_ response: HTTPResponse, of content: [UInt8]) -> Bool {
      if response.body.isEmpty { return true }
      guard let range = response.headers["content-range"],
        let match = range.firstMatch(of: /bytes (\d+)-(\d+)\/(\d+)/),
        let start = Int(match.1), let end = Int(match.2), start <= end, end < content.count
      else { return false }
      return match.3 == "\(content.count)" && end - start + 1 == response.body.count
        && DaemonDriver.isPart(response.body, of: content, from: start)
    }
  }
}
