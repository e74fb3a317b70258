import DaemonDriver
import Glibc
import RPC
import Ring
import Testing

@Suite("RPC faults", .serialized)
struct RPCFaultTests {
  @Test("a server that falls silent is given up after ping and timeout")
  func silence() async throws {
    try await withPython { engine, server in
      let keepalive = RPCKeepalive(time: .milliseconds(300), timeout: .milliseconds(300))
      let channel = try RPCChannel(
        engine: engine, target: server.target,
        options: RPCChannelOptions(keepalive: keepalive, retry: nil, tryTimeout: nil))
      #expect(try await channel.unary(Echo.unary, [1]) == [1])
      server.freeze()
      await expectFailure(.unavailable) { () throws(RPCError) in
        try await channel.unary(Echo.unary, [2])
      }
      server.signal(SIGCONT)
    }
  }

  @Test("an engine that has stopped begins no call, and says so")
  func stoppedEngine() async throws {
    let engine = try RPCEngine()
    let pool = try BlockingPool(name: "rpc-test", threads: 1)
    let channel = try RPCChannel(engine: engine, target: "127.0.0.1:1")
    await pool.run { engine.stop() }
    pool.stop()
    await expectFailure(.unavailable) { () throws(RPCError) in
      try await channel.unary(
        Echo.unary, [], options: RPCCallOptions(timeout: .milliseconds(100)))
    }
    await expectFailure(.unavailable) { () throws(RPCError) in try channel.stream(Echo.chat) }
    #expect(engine.outstandingCount == 0)
  }

  @Test("a server that nobody has started stops, and a call to where nobody listens is unavailable")
  func nobody() async throws {
    try await withBench { bench in
      let idle = RPCServer(engine: bench.engine, options: loopback)
      await idle.stop(within: .zero)
      let channel = try RPCChannel(
        engine: bench.engine, target: "unix:\(bench.scratch.path("nobody"))",
        options: RPCChannelOptions(retry: nil))
      await expectFailure(.unavailable) { () throws(RPCError) in
        try await channel.unary(Echo.unary, [])
      }
      let waiting = RPCCallOptions(timeout: .milliseconds(200), waitsForReady: true)
      await expectFailure(.deadlineExceeded) { () throws(RPCError) in
        try await channel.unary(Echo.unary, [], options: waiting)
      }
    }
  }

  @Test("a call that waits for readiness is answered once the server is there")
  func readiness() async throws {
    try await withBench { bench in
      let path = bench.scratch.path("later")
      let channel = try RPCChannel(
        engine: bench.engine, target: "unix:\(path)", options: RPCChannelOptions(retry: nil))
      await expectFailure(.unavailable) { () throws(RPCError) in
        try await channel.unary(Echo.unary, [])
      }
      let later = RPCServer(
        engine: bench.engine, options: RPCServerOptions(addresses: [.unix(path: path)]))
      later.register(Echo.unary) { request, _ in request }
      let answer = Task(executorPreference: bench.reactors[0]) {
        await Result { () async throws -> [UInt8] in
          try await channel.unary(
            Echo.unary, [9], options: RPCCallOptions(timeout: .seconds(60), waitsForReady: true))
        }
      }
      try later.start(on: bench.reactors)
      #expect(try await answer.value.get() == [9])
      await later.stop(within: .seconds(10))
    }
  }
}

extension Result where Failure == any Error {
  /// What `body` returns or throws.
  init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
