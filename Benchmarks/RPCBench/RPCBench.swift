// rpc-bench: unary calls and a stream of large messages through a server of its own, by h2load and by our channel.

import ArgumentParser
import DaemonDriver
import Glibc
import RPC
import Ring

/// The methods that are measured; messages are bytes.
enum BenchMethods {
  static let echo = RPCMethod<[UInt8], [UInt8]>(
    "/bench.Bench/Echo", request: .bytes, response: .bytes)
  static let stream = RPCMethod<[UInt8], [UInt8]>(
    "/bench.Bench/Stream", request: .bytes, response: .bytes)
}

/// Prints calls a second, MB/s, and the server's CPU for each.
@main
struct RPCBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rpc-bench", abstract: "Measures gRPC calls through a server process of its own.",
    subcommands: [Run.self, Serve.self], defaultSubcommand: Run.self)
}

/// The server process: listens on a free port, prints it, and serves until it is killed.
struct Serve: ParsableCommand {
  @Option(help: "Completion queues.") var queues = 1
  @Option(help: "Reactors.") var rings = 1

  func run() throws {
    let engine = try RPCEngine(threads: queues)
    let group = try ReactorGroup(count: rings, pinned: false)
    let server = RPCServer(
      engine: engine,
      options: RPCServerOptions(addresses: [.tcp(host: "127.0.0.1", port: 0)]))
    server.register(BenchMethods.echo) { request, _ in request }
    server.registerServerStream(BenchMethods.stream) { request, answers, _ throws(RPCError) in
      let message = [UInt8](repeating: 7, count: 1 << 20)
      for _ in 0..<(Int(String(decoding: request, as: UTF8.self)) ?? 0) {
        try await answers.send(message)
      }
    }
    try server.start(on: group.reactors)
    print("PORT \(server.ports[0])")
    fflush(nil)
    while true { pause() }
  }
}

/// The measuring process.
struct Run: ParsableCommand {
  @Option(help: "Completion queues of the server.") var queues = 1
  @Option(help: "Reactors of the server.") var rings = 1
  @Option(help: "Unary calls.") var calls = 200_000
  @Option(help: "Messages of 1 MiB in the stream.") var messages = 2048
  @Option(help: "Connections.") var connections = 4
  @Option(help: "Calls in flight on each.") var inFlight = 32

  func run() throws {
    let scratch = try ScratchDirectory("rpc-bench")
    let server = try ChildProcess(
      [CommandLine.arguments[0], "serve", "--queues", "\(queues)", "--rings", "\(rings)"],
      output: scratch.path("out"))
    defer { _ = server.stop(within: .zero) }
    var port = 0
    while port == 0 {
      if server.wait(.milliseconds(10)) != nil { throw DriverError.program("the server ended") }
      let words = try readText(scratch.path("out")).split(whereSeparator: \.isWhitespace)
      if words.count == 2 { port = Int(words[1]) ?? 0 }
    }
    try h2load(server, port, scratch)
    let engine = try RPCEngine()
    let group = try ReactorGroup(count: 1, pinned: false)
    defer {
      engine.stop()
      group.stop()
    }
    let channels = try (0..<connections).map { _ in
      try RPCChannel(engine: engine, target: "127.0.0.1:\(port)")
    }
    try unary(server, channels, group.reactors[0])
    try stream(server, channels[0], group.reactors[0])
  }

  /// The client that costs least shows the server's ceiling.
  private func h2load(_ server: ChildProcess, _ port: Int, _ scratch: ScratchDirectory) throws {
    try writeBytes([0, 0, 0, 0, 4, 1, 2, 3, 4], to: scratch.path("request"))
    let cpu = ProcessFacts.cpuSeconds(server.pid)
    let run = try CommandRun(
      [
        "h2load", "-c\(connections)", "-m\(inFlight)", "-n\(calls)",
        "-H", "content-type: application/grpc", "-H", "te: trailers", "-d",
        scratch.path("request"), "http://127.0.0.1:\(port)/bench.Bench/Echo",
      ], limit: .seconds(300))
    guard run.succeeded else { throw DriverError.program("h2load: \(run.errors)\(run.output)") }
    let spent = ProcessFacts.cpuSeconds(server.pid) - cpu
    for line in run.output.split(separator: "\n")
    where line.hasPrefix("finished in") || line.hasPrefix("status codes") {
      print("h2load: \(line)")
    }
    print("h2load: server \(spent * 1e6 / Double(calls)) µs CPU a call")
  }

  private func unary(_ server: ChildProcess, _ channels: [RPCChannel], _ reactor: Reactor) throws {
    let cpu = ProcessFacts.cpuSeconds(server.pid)
    let own = ProcessFacts.cpuSeconds(getpid())
    let share = calls / (channels.count * inFlight)
    let (seconds, failed) = reactor.wait { [inFlight] in
      let began = ContinuousClock.now
      let failed = await withTaskGroup(of: Int.self) { group in
        for channel in channels {
          for _ in 0..<inFlight {
            group.addTask(executorPreference: reactor) {
              var failed = 0
              for _ in 0..<share {
                do throws(RPCError) {
                  _ = try await channel.unary(BenchMethods.echo, [1, 2, 3, 4])
                } catch {
                  failed += 1
                }
              }
              return failed
            }
          }
        }
        return await group.reduce(0, +)
      }
      return ((ContinuousClock.now - began) / .seconds(1), failed)
    }
    let done = Double(share * channels.count * inFlight)
    print(
      "channel: \(done / seconds) calls/s, \(failed) failed, server "
        + "\((ProcessFacts.cpuSeconds(server.pid) - cpu) * 1e6 / done) µs CPU a call, client "
        + "\((ProcessFacts.cpuSeconds(getpid()) - own) * 1e6 / done)")
  }

  private func stream(_ server: ChildProcess, _ channel: RPCChannel, _ reactor: Reactor) throws {
    let cpu = ProcessFacts.cpuSeconds(server.pid)
    let own = ProcessFacts.cpuSeconds(getpid())
    let request = Array("\(messages)".utf8)
    let outcome: Result<(Double, Int), RPCError> = reactor.wait {
      do throws(RPCError) {
        let began = ContinuousClock.now
        let stream = try channel.serverStream(BenchMethods.stream, request)
        var size = 0
        while let message = try await stream.next() { size += message.count }
        return .success(((ContinuousClock.now - began) / .seconds(1), size))
      } catch {
        return .failure(error)
      }
    }
    let (seconds, size) = try outcome.get()
    let gibibytes = Double(size) / Double(1 << 30)
    print(
      "stream of 1 MiB: \(Double(size) / seconds / 1e6) MB/s, server "
        + "\((ProcessFacts.cpuSeconds(server.pid) - cpu) / gibibytes) CPU s/GiB, client "
        + "\((ProcessFacts.cpuSeconds(getpid()) - own) / gibibytes)")
  }
}
