import Glibc
import HTTPWire
import Testing

@Suite("HTTP server timeouts", .serialized)
struct HTTPServerTimeoutTests {
  @Test(
    "a head that does not end in time gets 408",
    arguments: ["GET / HT", "GET / HTTP/1.1\r\nHost: a\r\n"])
  func slowHead(_ text: String) async throws {
    try await withServer(configure: { $0.headTimeout = .milliseconds(500) }) { server, _, _ in
      var client = try WireClient(port: server.port)
      client.send(text)
      #expect(try client.response().status == 408)
      #expect(try client.rest() == [])
      #expect(server.statistics.headExpired == 1)
    }
  }

  @Test("slow-loris: single header lines do not prolong a head's time")
  func slowLoris() async throws {
    try await withServer(configure: {
      $0.headTimeout = .milliseconds(200)
      $0.headLimits = HTTPHeadLimits(sizeMax: 1 << 20, fieldCountMax: 1 << 20)
    }) { server, _, _ in
      var client = try WireClient(port: server.port)
      client.send("GET / HTTP/1.1\r\nHost: a\r\n")
      while server.statistics.headExpired == 0 {
        client.send("X: y\r\n")
        await Task.yield()
      }
      #expect(try client.response().status == 408)
    }
  }

  @Test("a connection that never speaks, and one that is idle too long, are closed without a word")
  func idle() async throws {
    try await withServer(configure: {
      $0.headTimeout = .milliseconds(50)
      $0.idleTimeout = .milliseconds(80)
    }) { server, _, _ in
      var mute = try WireClient(port: server.port)
      var served = try WireClient(port: server.port)
      served.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try served.response().text == "hello")
      #expect(try mute.rest() == [])
      #expect(try served.rest() == [])
      #expect(server.statistics.headExpired == 1)
      #expect(server.statistics.idleExpired == 1)
    }
  }

  @Test(
    "an upload that stalls gets 408",
    arguments: ["Content-Length: 100", "Transfer-Encoding: chunked"])
  func stalledUpload(_ field: String) async throws {
    try await withServer(configure: { $0.bodyTimeout = .milliseconds(60) }) { server, handler, _ in
      var client = try WireClient(port: server.port)
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n5\r\n")
      #expect(try client.response().status == 408)
      #expect(try client.rest() == [])
      #expect(server.statistics.bodyExpired == 1)
      #expect(await handler.events.first { _ in true } == .failed(.expired))
    }
  }

  @Test("a response that nobody reads is cut")
  func stalledDownload() async throws {
    try await withServer(configure: { $0.sendTimeout = .milliseconds(60) }) { server, handler, _ in
      let client = try WireClient(port: server.port, receiveBuffer: 4096)
      client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
      var events = handler.events.makeAsyncIterator()
      #expect(await events.next() == .began("/big"))
      #expect(await events.next() == .failed(.expired))
      #expect(server.statistics.sendExpired == 1)
    }
  }

  @Test("a response that is read slowly but steadily outlives its timeout")
  func steadyDownload() async throws {
    try await withServer(configure: { $0.sendTimeout = .milliseconds(600) }) { server, _, _ in
      var client = try WireClient(port: server.port, receiveBuffer: 16_384)
      client.send("GET /medium HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      let start = ContinuousClock.now
      var count = 0
      // A slow reader is one that lets time pass.
      for _ in 0..<12 {
        count += try client.bytes(200_000).count
        poll(nil, 0, 100)
      }
      count += try client.rest().count
      #expect(count > 3 << 20)
      #expect(.now - start > .milliseconds(600))
      #expect(server.statistics.sendExpired == 0)
    }
  }
}
