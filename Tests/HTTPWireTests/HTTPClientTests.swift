import Glibc
import HTTPWire
import Ring
import Testing

@Suite("HTTP client against the server of the house", .serialized)
struct HTTPClientTests {
  /// Runs `body` with a client on a ring beside those of a server.
  private func withPair(
    configure: @escaping @Sendable (inout HTTPClientOptions) -> Void = { _ in },
    _ body: @escaping @Sendable (HTTPClient, HTTPOrigin, HTTPServer) async throws -> Void
  ) async throws {
    let pool = try BlockingPool(name: "test", threads: 1)
    defer { pool.stop() }
    try await withServer { server, _, _ in
      var options = HTTPClientOptions()
      configure(&options)
      let client = HTTPClient(reactors: 2, options: options, resolver: HostResolver(pool: pool))
      let origin = HTTPOrigin(isSecure: false, host: "127.0.0.1", port: server.port)
      try await body(client, origin, server)
      client.closeIdle()
    }
  }

  @Test("bodies of every framing come whole, and one connection serves them all")
  func framings() async throws {
    try await withPair { (client, origin, server) async throws in
      #expect(try await client.fetch(origin, "/hello") == Array("hello".utf8))
      #expect(try await client.fetch(origin, "/sized") == TestHandler.pattern(90_010))
      #expect(try await client.fetch(origin, "/chunks") == TestHandler.pattern(75_004))
      #expect(try await client.fetch(origin, "/empty") == [])
      #expect(try await client.fetch(origin, "/medium") == TestHandler.pattern(3 << 20))
      #expect(server.statistics.accepted == 1)
      #expect(client.statistics.opened == 1)
      #expect(client.statistics.reused == 4)
    }
  }

  @Test("a read fills the buffer it is given unless the body ends")
  func fills() async throws {
    try await withPair { (client, origin, _) async throws in
      let whole = TestHandler.pattern(75_004)
      for target in ["/sized", "/chunks"] {
        let reply = try await client.send(HTTPClientRequest(.get, origin, target: target))
        var offset = 0
        for size in [1, 9, 4990, 20_000, 50_004] {
          let bytes = try await reply.read(size)
          #expect(bytes == Array(whole[offset..<(offset + size)]))
          offset += size
        }
        await reply.finish()
      }
      // The rest of both was small: the connection is kept.
      #expect(client.statistics.opened == 1)
    }
  }

  @Test("a reply to HEAD has a length and no body, and its connection is kept")
  func head() async throws {
    try await withPair { (client, origin, _) async throws in
      let reply = try await client.send(HTTPClientRequest(.head, origin, target: "/hello"))
      #expect(reply.status == 200)
      #expect(reply.contentLength == 5)
      #expect(reply.field("CONTENT-TYPE") == "text/plain")
      #expect(reply.isEnded)
      #expect(try await client.fetch(origin, "/hello") == Array("hello".utf8))
      #expect(client.statistics.opened == 1)
    }
  }

  @Test("bodies of requests arrive", arguments: [0, 1, 100_000, 3 << 20])
  func upload(size: Int) async throws {
    try await withPair { (client, origin, _) async throws in
      let bytes = TestHandler.pattern(size)
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
      defer { unsafe buffer.deallocate() }
      unsafe buffer.copyBytes(from: bytes)
      let reply = try await client.send(
        HTTPClientRequest(
          .post, origin, target: "/echo", body: .bytes(UnsafeRawBufferPointer(buffer))))
      #expect(reply.status == 200)
      #expect(try await reply.collect(max: size) == bytes)
    }
  }

  @Test("a reply that is let go, or dropped, costs its connection and nothing else")
  func drops() async throws {
    try await withPair { (client, origin, _) async throws in
      for isDropped in [true, false] {
        let reply = try await client.send(HTTPClientRequest(.get, origin, target: "/big"))
        #expect(try await reply.read(1000) == TestHandler.pattern(1000))
        if isDropped { reply.drop() }
      }
      #expect(client.statistics.open == 0)
      #expect(try await client.fetch(origin, "/hello") == Array("hello".utf8))
    }
  }

  @Test("finishing early keeps the connection when little is left, and closes it otherwise")
  func finishEarly() async throws {
    try await withPair { (client, origin, _) async throws in
      let small = try await client.send(HTTPClientRequest(.get, origin, target: "/hello"))
      await small.finish()
      #expect(client.statistics.open == 1)
      let big = try await client.send(HTTPClientRequest(.get, origin, target: "/big"))
      await big.finish()
      #expect(client.statistics.open == 0)
    }
  }

  @Test("more requests than connections wait their turn and are all answered")
  func turns() async throws {
    try await withPair(configure: { $0.connectionsPerOrigin = 2 }) {
      (client, origin, server) async throws in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<20 {
          group.addTask {
            let body = try await client.fetch(origin, "/medium")
            #expect(body.count == 3 << 20)
          }
        }
        try await group.waitForAll()
      }
      #expect(client.statistics.opened == 2)
      #expect(server.statistics.accepted == 2)
      #expect(client.statistics.waits == 18)
    }
  }

  @Test("a request given up while it waits for its turn leaves the connection to the next")
  func givenUpWaiting() async throws {
    try await withPair(configure: { $0.connectionsPerOrigin = 1 }) {
      (client, origin, _) async throws in
      let first = try await client.send(HTTPClientRequest(.get, origin, target: "/hello"))
      nonisolated(unsafe) let shared = first
      let abort = HTTPClientAbort()
      let codes = await withTaskGroup(of: HTTPClientError.Code?.self) { group in
        group.addTask {
          var request = HTTPClientRequest(.get, origin, target: "/hello")
          request.abort = abort
          return await clientCode { try await client.send(request).drop() }
        }
        group.addTask {
          while client.statistics.waits == 0 { await Task.yield() }
          abort.abort()
          await shared.finish()
          return nil
        }
        var codes: [HTTPClientError.Code?] = []
        for await code in group { codes.append(code) }
        return codes
      }
      #expect(codes.contains(.stopped))
      #expect(client.statistics.open == 1)
      #expect(try await client.fetch(origin, "/hello") == Array("hello".utf8))
      #expect(client.statistics.opened == 1)
    }
  }

  @Test("a body larger than is taken is refused")
  func tooLarge() async throws {
    try await withPair { (client, origin, _) async throws in
      for target in ["/sized", "/chunks"] {
        let reply = try await client.send(HTTPClientRequest(.get, origin, target: target))
        #expect(await clientCode { try await reply.collect(max: 1000) } == .tooLarge)
      }
      #expect(client.statistics.open == 0)
    }
  }

  @Test("a request whose head could begin another line is not sent")
  func injection() async throws {
    try await withPair { (client, origin, _) async throws in
      let bad: [HTTPClientRequest] = [
        HTTPClientRequest(.get, origin, target: "/a b"),
        HTTPClientRequest(.get, origin, target: ""),
        HTTPClientRequest(.get, origin, target: "/\r\nX: y"),
        HTTPClientRequest(.get, origin, target: "/", fields: [("X", "a\r\nY: b")]),
        HTTPClientRequest(.get, origin, target: "/", fields: [("X Y", "a")]),
        HTTPClientRequest(.get, origin, target: "/", fields: [("", "a")]),
      ]
      for request in bad {
        do throws(HTTPClientError) {
          _ = try await client.send(request)
          Issue.record("it was sent")
        } catch {
          #expect(error.code == .stopped)
          #expect(error.sentNothing)
        }
      }
      #expect(client.statistics.opened == 0)
    }
  }
}
