import DaemonDriver
import Glibc
import HTTPWire
import Ring
import Testing

@Suite("HTTP server", .serialized)
struct HTTPServerTests {
  @Test("requests on one connection are answered one after the other, then it ends when asked")
  func keepAlive() async throws {
    try await withServer { server, _, _ in
      var client = try WireClient(port: server.port)
      for _ in 0..<3 {
        client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        let response = try client.response()
        #expect(response.status == 200)
        #expect(response.text == "hello")
        #expect(response.fields["connection"] == nil)
        #expect(response.fields["date"]?.hasSuffix("GMT") == true)
      }
      client.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      let last = try client.response()
      #expect(last.fields["connection"] == "close")
      #expect(try client.rest() == [])
    }
  }

  @Test("HTTP/1.0 closes unless it asks to be kept, and never sees chunks")
  func oldProtocol() async throws {
    try await withServer { server, _, _ in
      var kept = try WireClient(port: server.port)
      kept.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      #expect(try kept.response().fields["connection"] == "keep-alive")
      kept.send("GET /chunks HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let response = try kept.response()
      #expect(response.fields["transfer-encoding"] == nil)
      #expect(response.fields["connection"] == "close")
      #expect(response.body == TestHandler.pattern(75_004))
    }
  }

  @Test("pipelined requests are answered in order, bodies and all")
  func pipelining() async throws {
    try await withServer { server, _, _ in
      var client = try WireClient(port: server.port)
      let one = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
      let two =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
      let get = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
      let rounds = 50
      client.send(String(repeating: one + two + get, count: rounds))
      for _ in 0..<rounds {
        #expect(try client.response().text == "one")
        #expect(try client.response().text == "two")
        #expect(try client.response().text == "hello")
      }
    }
  }

  @Test("a request that trickles in is answered all the same")
  func trickle() async throws {
    try await withServer { server, _, _ in
      var client = try WireClient(port: server.port)
      let text =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nT: v\r\n\r\n"
      for byte in Array(text.utf8) { client.send([byte]) }
      #expect(try client.response().text == "hello")
    }
  }

  @Test("a chunked upload arrives whole however it is cut")
  func chunkedUpload() async throws {
    let seed = SeededRandom.seed()
    try await withServer { server, _, _ in
      var random = SeededRandom(seed: seed)
      var client = try WireClient(port: server.port)
      for _ in 0..<30 {
        let body = TestHandler.pattern(random.below(60_000))
        var wire = Array(
          "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        var offset = 0
        while offset < body.count {
          let size = min(1 + random.below(20_000), body.count - offset)
          wire += Array("\(String(size, radix: 16))\r\n".utf8)
          wire += body[offset..<(offset + size)] + Array("\r\n".utf8)
          offset += size
        }
        wire += Array("0\r\n\r\n".utf8)
        var sent = 0
        while sent < wire.count {
          let size = min(1 + random.below(9000), wire.count - sent)
          client.send(Array(wire[sent..<(sent + size)]))
          sent += size
        }
        #expect(try client.response().body == body, "SEED=\(seed)")
      }
    }
  }

  @Test("a large sized upload arrives whole")
  func sizedUpload() async throws {
    try await withServer { server, _, _ in
      var client = try WireClient(port: server.port)
      let body = TestHandler.pattern(3 << 20)
      client.send("PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
      client.send(body)
      #expect(try client.response().body == body)
    }
  }

  @Test("100 is sent when the handler first reads, and not when it does not")
  func expectContinue() async throws {
    try await withServer { server, _, _ in
      var client = try WireClient(port: server.port)
      let head = "HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
      client.send("PUT /echo \(head)")
      #expect(try client.response().status == 100)
      client.send("body")
      #expect(try client.response().text == "body")
      client.send("PUT /ignore \(head)")
      let refused = try client.response()
      #expect(refused.status == 202)
      #expect(refused.fields["connection"] == "close")
      #expect(try client.rest() == [])
    }
  }

  @Test("a small unread body is dropped and the connection kept; a large one ends it")
  func unreadBodies() async throws {
    try await withServer(configure: { $0.unreadBodySizeMax = 100_000 }) { server, _, _ in
      var client = try WireClient(port: server.port)
      client.send("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
      #expect(try client.response().status == 202)
      client.send(
        "POST /ignore HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
      )
      #expect(try client.response().fields["connection"] == nil)
      client.send("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n")
      let last = try client.response()
      #expect(last.status == 202)
      #expect(last.fields["connection"] == "close")
    }
  }

  @Test("HEAD gives the head of GET and nothing else")
  func head() async throws {
    try await withServer { server, _, _ in
      var client = try WireClient(port: server.port)
      for (path, length) in [("/hello", "5"), ("/sized", "90010")] {
        client.send("HEAD \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        let response = try client.response(toHead: true)
        #expect(response.status == 200)
        #expect(response.fields["content-length"] == length)
      }
      client.send("HEAD /chunks HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response(toHead: true).fields["transfer-encoding"] == "chunked")
      #expect(try client.response().text == "hello")
    }
  }

  @Test("204 and 304 have no content and the connection goes on")
  func bodiless() async throws {
    try await withServer { server, _, _ in
      var client = try WireClient(port: server.port)
      client.send(
        "GET /empty HTTP/1.1\r\nHost: a\r\n\r\nGET /notmodified HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().status == 204)
      let response = try client.response()
      #expect(response.status == 304)
      #expect(response.fields["content-length"] == nil)
      client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().text == "hello")
    }
  }

  @Test("sized and chunked responses come whole")
  func responses() async throws {
    try await withServer { server, _, _ in
      var client = try WireClient(port: server.port)
      client.send("GET /sized HTTP/1.1\r\nHost: a\r\n\r\nGET /chunks HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().body == TestHandler.pattern(90_010))
      let chunked = try client.response()
      #expect(chunked.body == TestHandler.pattern(75_004))
      #expect(chunked.fields["etag"] == "\"v\"")
    }
  }

  @Test("a reader slower than the socket gets every byte")
  func slowReader() async throws {
    try await withServer { server, handler, _ in
      var client = try WireClient(port: server.port, receiveBuffer: 16_384)
      client.send("GET /medium HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      #expect(try client.response().body == TestHandler.pattern(3 << 20))
    }
  }

  @Test(
    "a malformed request gets its status, a JSON message and the end of the connection",
    arguments: [
      ("GET / HTTP/1.1\r\n\r\n", 400), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
      ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "y", count: 20_000))\r\n\r\n", 431),
      ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
      ("POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417),
      ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
      ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", 413),
      (
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"
          + "\(String(repeating: "x", count: 1001))\r\n0\r\n\r\n", 413
      ),
    ])
  func badRequests(_ text: String, _ status: Int) async throws {
    try await withServer(configure: { $0.bodySizeMax = 1000 }) { server, _, _ in
      var client = try WireClient(port: server.port)
      client.send(text)
      let response = try client.response()
      #expect(response.status == status)
      #expect(response.text.hasPrefix("{\"message\":\""))
      #expect(response.fields["content-type"] == "application/json")
      #expect(response.fields["connection"] == "close")
      #expect(try client.rest() == [])
      var next = try WireClient(port: server.port)
      next.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try next.response().text == "hello")
    }
  }

  @Test("a handler that does not answer causes a 500")
  func silentHandler() async throws {
    try await withServer { server, _, _ in
      var client = try WireClient(port: server.port)
      client.send("GET /silent HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().status == 500)
      #expect(try client.response().text == "hello")
    }
  }

  @Test(
    "a response that cannot be completed never ends cleanly",
    arguments: ["/unfinished", "/short", "/abort"])
  func brokenResponses(_ path: String) async throws {
    try await withServer { server, _, _ in
      var client = try WireClient(port: server.port)
      client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(throws: WireFailure.self) { try client.response() }
    }
  }

  @Test("a response longer than promised is not sent")
  func overlong() async throws {
    try await withServer { server, handler, _ in
      var client = try WireClient(port: server.port)
      client.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(throws: WireFailure.self) { try client.response() }
      #expect(await handler.events.first { _ in true } == .failed(.responseLong))
    }
  }

  @Test("a client that goes away in the middle of a response or an upload is noticed")
  func clientAborts() async throws {
    try await withServer { server, handler, _ in
      do {
        let client = try WireClient(port: server.port, receiveBuffer: 4096)
        client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await handler.events.first { _ in true } == .began("/big"))
        client.resetOnClose()
      }
      #expect(await handler.events.first { _ in true } == .failed(.disconnected))
      for chunked in [true, false] {
        do {
          let client = try WireClient(port: server.port)
          let field = chunked ? "Transfer-Encoding: chunked" : "Content-Length: 100"
          client.send("POST /echo HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n5\r\nhe")
        }
        #expect(await handler.events.first { _ in true } == .failed(.disconnected))
      }
      await server.drain(within: .seconds(10))
      #expect(server.statistics.abortedByClient == 3)
      #expect(server.statistics.active == 0)
    }
  }

  @Test("a client that ends its side after the request is still answered")
  func halfClose() async throws {
    try await withServer { server, _, _ in
      var client = try WireClient(port: server.port)
      client.send("GET /sized HTTP/1.1\r\nHost: a\r\n\r\n")
      client.endSending()
      #expect(try client.response().body.count == 90_010)
      #expect(try client.rest() == [])
    }
  }

  @Test("connections beyond the limit get 503")
  func connectionLimit() async throws {
    try await withServer(configure: { $0.connectionCountMax = 2 }) { server, _, _ in
      var kept: [Int32] = []
      defer { for fd in kept { close(fd) } }
      for _ in 0..<2 {
        var client = try WireClient(port: server.port)
        client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response().status == 200)
        kept.append(dup(client.fd))
      }
      var third = try WireClient(port: server.port)
      let response = try third.response()
      #expect(response.status == 503)
      #expect(response.text == "{\"message\":\"too many connections\"}")
      #expect(server.statistics.connectionsRefused == 1)
    }
  }

  @Test("a taken port is EADDRINUSE even between rings that share theirs")
  func portTaken() async throws {
    try await withServer(ringCount: 2) { server, handler, reactors in
      await #expect(throws: RingError(.system, operation: "ring.listen", errno: EADDRINUSE)) {
        _ = try await HTTPServer.start(
          on: reactors, options: HTTPServerOptions(address: server.address), handler: handler)
      }
    }
  }

  @Test("the peer's address is its number")
  func peerAddress() async throws {
    try await withServer { server, _, _ in
      var client = try WireClient(port: server.port)
      client.send("GET /peer HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.response().text == "127.0.0.1")
    }
  }
}
