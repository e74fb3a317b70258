import HTTPWire
import Testing

@Suite("HTTP server drain", .serialized)
struct HTTPServerDrainTests {
  @Test("a drain ends idle connections at once, lets requests end, and refuses new connections")
  func graceful() async throws {
    try await withServer(ringCount: 2) { server, handler, reactors in
      var idle = try WireClient(port: server.port)
      idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try idle.response().text == "hello")
      var busy = try WireClient(port: server.port)
      busy.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(await handler.events.first { _ in true } == .began("/wait"))
      let left = Task(executorPreference: reactors[0]) { await server.drain(within: .seconds(30)) }
      #expect(try idle.rest() == [])
      handler.open()
      let response = try busy.response()
      #expect(response.text == "waited")
      #expect(response.fields["connection"] == "close")
      #expect(try busy.rest() == [])
      #expect(await left.value == 0)
      #expect(server.statistics.active == 0)
      #expect(server.statistics.abortedByDrain == 0)
      let port = server.port
      // A process being spawned holds a copy of the listener until its exec: connecting may still work, being served not.
      #expect(throws: WireFailure.self) {
        var late = try WireClient(port: port)
        late.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try late.response()
      }
    }
  }

  @Test("a drain cuts what is left at its deadline")
  func deadline() async throws {
    try await withServer { server, handler, _ in
      var stalled = try WireClient(port: server.port, receiveBuffer: 4096)
      stalled.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
      var events = handler.events.makeAsyncIterator()
      #expect(await events.next() == .began("/big"))
      #expect(await server.drain(within: .milliseconds(50)) == 0)
      #expect(await events.next() == .failed(.disconnected))
      #expect(server.statistics.abortedByDrain == 1)
      #expect(throws: WireFailure.self) { try stalled.response() }
    }
  }

  @Test("a handler that never returns does not hold a drain for ever")
  func stuckHandler() async throws {
    try await withServer { server, handler, _ in
      let client = try WireClient(port: server.port)
      client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(await handler.events.first { _ in true } == .began("/wait"))
      #expect(await server.drain(within: .milliseconds(20)) == 1)
    }
  }
}
