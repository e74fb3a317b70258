// Clients that go away while their request is in the handler.

import Glibc
import HTTPWire
import Ring
import Testing

/// Waits until its task is cancelled, or until it is opened; then answers.
private final class PatientHandler: HTTPHandler {
  let cancelled: AsyncStream<Bool>
  private let report: AsyncStream<Bool>.Continuation
  let gate = TestGate()

  init() { (cancelled, report) = AsyncStream.makeStream() }

  func handle(_ exchange: HTTPExchange) async {
    let path = unsafe exchange.request.rawPath.text
    if path == "/late" {
      await exchange.reactor.sleep(for: .seconds(20))
    } else {
      await gate.wait()
    }
    report.yield(Task.isCancelled && exchange.hasLeft)
    await exchange.respond(.ok, contentType: "text/plain", body: Array("answer".utf8))
  }
}

@Suite("Clients that leave", .timeLimit(.minutes(1)))
struct HTTPServerDepartureTests {
  private func withPatience(
    _ body: @escaping @Sendable (HTTPServer, PatientHandler) async throws -> Void
  ) async throws {
    let group = try ReactorGroup(count: 2, pinned: false)
    defer { group.stop() }
    let handler = PatientHandler()
    let server = try await HTTPServer.start(
      on: [group.reactors[0]], options: HTTPServerOptions(address: .ip("127.0.0.1", port: 0)),
      handler: handler)
    let result: Result<Void, any Error> = await group.reactors[1].run {
      do { return .success(try await body(server, handler)) } catch { return .failure(error) }
    }
    handler.gate.open()
    await server.drain(within: .zero)
    try result.get()
  }

  @Test("a close, a reset: the handler's task is cancelled", arguments: [false, true])
  func gone(_ resets: Bool) async throws {
    try await withPatience { server, handler in
      do {
        let client = try WireClient(port: server.port)
        client.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
        if resets { client.resetOnClose() }
        while server.statistics.requests == 0 { await Task.yield() }
        _ = consume client
      }
      var events = handler.cancelled.makeAsyncIterator()
      #expect(await events.next() == true)
      while server.statistics.active > 0 { await Task.yield() }
    }
  }

  @Test("a client that ended its sending and listens gets its answer, behind a 100 at most")
  func halfClosed() async throws {
    try await withPatience { server, handler in
      var client = try WireClient(port: server.port)
      client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
      client.endSending()
      let interim = try client.bytes(25)
      #expect(String(decoding: interim, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
      handler.gate.open()
      let rest = String(decoding: try client.rest(), as: UTF8.self)
      #expect(rest.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(rest.hasSuffix("answer"))
      var events = handler.cancelled.makeAsyncIterator()
      #expect(await events.next() == false)
    }
  }

  @Test("a client that stays is left alone")
  func stays() async throws {
    try await withPatience { server, handler in
      var client = try WireClient(port: server.port)
      client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
      while server.statistics.requests == 0 { await Task.yield() }
      // Two clients more, one of which is noticed to go: the sweep has looked at the first one, too.
      do {
        let other = try WireClient(port: server.port)
        other.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
        while server.statistics.requests < 2 { await Task.yield() }
        _ = consume other
      }
      var events = handler.cancelled.makeAsyncIterator()
      #expect(await events.next() == true)
      handler.gate.open()
      #expect(try client.response().text == "answer")
    }
  }
}
