// An engine, two reactors, a server of `test.Echo` and a channel to it, for one test.

import DaemonDriver
import FaultProxy
import Glibc
import RPC
import Ring
import Testing

/// What a test of both ends has at hand.
struct RPCBench: Sendable {
  let engine: RPCEngine
  let reactors: [Reactor]
  let pool: BlockingPool
  let service: EchoService
  let server: RPCServer
  /// A second folder for sockets and certificates.
  let scratch: ScratchDirectory

  /// Where the server listens first.
  var target: String {
    switch server.options.addresses[0] {
    case .tcp: "127.0.0.1:\(server.ports[0])"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// A channel to the server.
  func channel(_ options: RPCChannelOptions = RPCChannelOptions()) throws -> RPCChannel {
    try RPCChannel(engine: engine, target: target, options: options)
  }

  /// Waits until no call runs: ends are told to a server a little later than to its client.
  func settle() async {
    while server.runningCount > 0 { await Task.yield() }
  }
}

/// Runs `body` on a reactor beside a server; afterwards nothing may be left in the core.
func withBench(
  threads: Int = 1, _ options: (ScratchDirectory) throws -> RPCServerOptions = { _ in loopback },
  _ body: @escaping @Sendable (RPCBench) async throws -> Void
) async throws {
  let scratch = try ScratchDirectory("rpc")
  let engine = try RPCEngine(threads: threads)
  let group = try ReactorGroup(count: 2, pinned: false)
  let pool = try BlockingPool(name: "rpc-test", threads: 2)
  let service = EchoService()
  let server = RPCServer(engine: engine, options: try options(scratch))
  service.register(on: server)
  try server.start(on: group.reactors)
  let bench = RPCBench(
    engine: engine, reactors: group.reactors, pool: pool, service: service, server: server,
    scratch: scratch)
  let result: Result<Void, any Error> = await group.reactors[0].run {
    do {
      try await body(bench)
      await server.stop(within: .seconds(10))
      return .success(())
    } catch {
      await server.stop(within: .zero)
      return .failure(error)
    }
  }
  await pool.run {
    engine.stop()
    group.stop()
  }
  pool.stop()
  #expect(engine.outstandingCount == 0)
  #expect(server.runningCount == 0)
  try result.get()
}

let loopback = RPCServerOptions(addresses: [.tcp(host: "127.0.0.1", port: 0)])

/// Runs `body` on a reactor beside Python's gRPC server of `test.Echo`.
func withPython(
  tls: TestCertificates? = nil,
  _ body: @escaping @Sendable (RPCEngine, PythonServer) async throws -> Void
) async throws {
  let arguments = tls.map { [$0.authority.certificate, $0.server.certificate, $0.server.key] }
  let engine = try RPCEngine()
  let group = try ReactorGroup(count: 1, pinned: false)
  let pool = try BlockingPool(name: "rpc-test", threads: 1)
  let started = await pool.run { Result { try PythonServer(arguments ?? []) } }
  let result: Result<Void, any Error> = await group.reactors[0].run {
    do {
      try await body(engine, try started.get())
      return .success(())
    } catch {
      return .failure(error)
    }
  }
  await pool.run {
    engine.stop()
    group.stop()
  }
  pool.stop()
  #expect(engine.outstandingCount == 0)
  try result.get()
}

/// The interpreter of `grpc_checks.py` and `grpc_server.py`; made once, which takes a while and blocks.
let pythonForGRPC = Result { () throws(DriverError) in
  try PythonEnvironment("requirements-grpc.txt")
}

/// `grpc_server.py` as a process that ends with this value.
final class PythonServer: Sendable {
  private let port: Int
  // ChildProcess is for one thread at a time: made here, then only signalled.
  nonisolated(unsafe) private let process: ChildProcess
  private let scratch: ScratchDirectory

  /// Where it listens.
  var target: String { "127.0.0.1:\(port)" }

  func signal(_ number: Int32) { process.signal(number) }

  /// Stops the process where it is; returns when it is stopped.
  func freeze() { process.pause() }

  /// Starts it; blocks until it says its port.
  init(_ arguments: [String]) throws(DriverError) {
    let environment = try pythonForGRPC.get()
    scratch = try ScratchDirectory("grpc-server")
    process = try ChildProcess(
      [environment.python, "\(environment.scripts)/grpc_server.py"] + arguments,
      output: scratch.path("out"), errors: scratch.path("err"))
    var found: Int?
    for _ in 0..<3000 where found == nil {
      let text = try readText(scratch.path("out"))
      if let line = text.split(separator: "\n").first(where: { $0.hasPrefix("PORT ") }) {
        found = Int(line.dropFirst(5))
      } else if let status = process.wait(.milliseconds(20)) {
        throw DriverError.program(
          "the gRPC server ended with \(status): \(try readText(scratch.path("err")))")
      }
    }
    guard let found else { throw DriverError.program("the gRPC server says no port") }
    port = found
  }
}

/// Expects `body` to fail with `code`; the failure.
@discardableResult
func expectFailure<T>(
  _ code: RPCStatusCode, _ location: SourceLocation = #_sourceLocation,
  _ body: () async throws(RPCError) -> T
) async -> RPCError? {
  do throws(RPCError) {
    let value = try await body()
    Issue.record("succeeded with \(value)", sourceLocation: location)
    return nil
  } catch {
    #expect(error.code == code, "\(error)", sourceLocation: location)
    return error
  }
}
