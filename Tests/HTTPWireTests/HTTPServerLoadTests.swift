import Glibc
import HTTPWire
import Ring
import Testing

/// Rounds, and connections open at once in each.
private let roundCount = 10
private let connectionCount = 10_000

@Suite("HTTP server load")
struct HTTPServerLoadTests {
  /// Server and client are processes of their own: other tests open descriptors and take memory too, and the two ends of
  /// 10,000 connections need more descriptors than many systems give one process.
  @Test("10,000 keep-alive connections opened, used and closed ten times leave nothing behind")
  func tenThousandConnections() async throws {
    let port = try freePort()
    async let server = #expect(processExitsWith: .success) { [port = port as UInt16] in
      do {
        try raiseDescriptorLimit()
        try await serveRounds(port: port)
      } catch {
        Issue.record(error)
      }
    }
    await #expect(processExitsWith: .success) { [port = port as UInt16] in
      do {
        try raiseDescriptorLimit()
        try useRounds(port: port)
      } catch {
        Issue.record(error)
      }
    }
    // However the client ended, the server may end too.
    try WireClient.connected(port: port).send("GET /stop HTTP/1.1\r\nHost: a\r\n\r\n")
    _ = await server
  }
}

/// A port that is free now, below those the kernel hands out: a client that waits for a server there cannot meet itself.
private func freePort() throws -> UInt16 {
  var generator = SystemRandomNumberGenerator()
  for _ in 0..<100 {
    let port = UInt16.random(in: 20_000..<30_000, using: &generator)
    if let listener = try? Listener(.ip("0.0.0.0", port: port), reusePort: false) {
      _ = consume listener
      return port
    }
  }
  throw WireFailure.connect(EADDRINUSE)
}

/// Lets this process open as many descriptors as the system allows it.
private func raiseDescriptorLimit() throws {
  var limit = rlimit()
  unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  limit.rlim_cur = limit.rlim_max
  unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  try #require(limit.rlim_cur >= 10_200, "RLIMIT_NOFILE is \(limit.rlim_cur)")
}

/// Says when a client ended a round, and lets it go on after the answer.
private final class RoundHandler: HTTPHandler {
  let rounds: AsyncStream<TestGate>
  private let report: AsyncStream<TestGate>.Continuation

  init() { (rounds, report) = AsyncStream.makeStream() }

  func handle(_ exchange: HTTPExchange) async {
    if unsafe exchange.request.rawPath.equals("/stop") { report.finish() }
    if unsafe exchange.request.rawPath.equals("/round") {
      let gate = TestGate()
      report.yield(gate)
      await gate.wait()
    }
    await exchange.respond(.ok, contentType: "text/plain", body: [])
  }
}

/// The server's side: compares what is held after each round with what was held after the first.
private func serveRounds(port: UInt16) async throws {
  let group = try ReactorGroup(count: 1, pinned: false)
  defer { group.stop() }
  let handler = RoundHandler()
  let server = try await HTTPServer.start(
    on: group.reactors, options: HTTPServerOptions(address: .ip("0.0.0.0", port: port)),
    handler: handler)
  var first: Usage?
  var round = 0
  for await gate in handler.rounds {
    round += 1
    // The connection that asks is open; the others were closed before it asked.
    while server.statistics.active > 1 { await Task.yield() }
    let usage = await Usage.now(group.reactors[0])
    #expect(server.statistics.accepted == UInt64(1 + connectionCount * round))
    #expect(server.statistics.requests == UInt64((1 + 2 * connectionCount) * round))
    #expect(server.statistics.abortedByClient == 0)
    let baseline = first ?? usage
    first = baseline
    #expect(usage.descriptorCount == baseline.descriptorCount)
    #expect(usage.inFlightCount == baseline.inFlightCount)
    #expect(usage.residentSize <= baseline.residentSize + 8 << 20, "round \(round)")
    gate.open()
  }
  #expect(round == roundCount)
  #expect(await server.drain(within: .seconds(10)) == 0)
}

/// The client's side.
private func useRounds(port: UInt16) throws {
  var control = try WireClient.connected(port: port)
  for round in 0..<roundCount {
    try useConnections(port: port, round: UInt32(round))
    control.send("GET /round HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try control.response().status == 200)
  }
}

/// Opens all connections to an address of their own, sends two requests on each, and closes them.
private func useConnections(port: UInt16, round: UInt32) throws {
  var clients: [Int32] = []
  clients.reserveCapacity(connectionCount)
  defer { for fd in clients { close(fd) } }
  for _ in 0..<connectionCount {
    // Another destination per round: the ports of closed connections rest for a minute.
    let client = try WireClient(port: port, host: 0x7F00_0001 + round)
    clients.append(dup(client.fd))
  }
  let request = Array("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
  var buffer = [UInt8](repeating: 0, count: 1024)
  for _ in 0..<2 {
    for fd in clients { unsafe Glibc.send(fd, request, request.count, Int32(MSG_NOSIGNAL)) }
    for fd in clients {
      let received = unsafe recv(fd, &buffer, buffer.count, 0)
      try #require(received > 20 && buffer[9] == UInt8(ascii: "2"))
    }
  }
}

/// What a process and a ring hold.
private struct Usage {
  var descriptorCount = 0
  var inFlightCount = 0
  var residentSize = 0

  static func now(_ reactor: Reactor) async -> Usage {
    var usage = Usage()
    usage.inFlightCount = await reactor.run { reactor.inFlightCount }
    if let directory = unsafe opendir("/proc/self/fd") {
      while unsafe readdir(directory) != nil { usage.descriptorCount += 1 }
      unsafe closedir(directory)
    }
    if let file = unsafe fopen("/proc/self/statm", "r") {
      var line = [UInt8](repeating: 0, count: 128)
      let count = unsafe fread(&line, 1, line.count, file)
      unsafe fclose(file)
      let words = String(decoding: line[..<count], as: UTF8.self).split(separator: " ")
      usage.residentSize = (words.dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
    }
    return usage
  }
}
