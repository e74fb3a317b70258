// A daemon with a domain socket, and clients of it.

import DaemonDriver
import PenstockClient
import Testing

/// A daemon on free ports with one mount, `/data`, and a domain socket.
final class ClientFixture: Sendable {
  let fixture: Fixture
  let scratch: ScratchDirectory
  /// The socket.
  var socket: String { scratch.path("s") }

  /// Starts the daemon once `prepare` has filled the folder.
  init(options: [String] = [], prepare: (String) throws -> Void) throws {
    scratch = try ScratchDirectory("sc", in: "/tmp")
    fixture = try Fixture(
      options: [
        "-Dalluxio.worker.data.server.domain.socket.address=\(scratch.path("s"))",
        "-Dpenstock.worker.short.circuit.leased.max=64MiB",
      ] + options, prepare: prepare)
  }

  /// A client by the socket alone, without another way unless `settings` says one.
  func client(_ settings: [String] = []) throws -> Client {
    try Client(
      try ClientOptions(
        ["socket=\(socket)", "ufs_fallback=false", "retry_budget_ms=5000"] + settings))
  }

  /// The setting that names the worker's REST port.
  var network: String { "workers=127.0.0.1:\(fixture.daemon.ports.rest)" }
}

extension ClientFile {
  /// `count` bytes at `offset`, and the way that they came.
  func bytes(_ count: Int, at offset: Int) throws -> (bytes: [UInt8], path: ReadPath) {
    var bytes = [UInt8](repeating: 0, count: count)
    let outcome = try bytes.withUnsafeMutableBytes { target -> Result<ReadOutcome, ClientError> in
      Result { () throws(ClientError) in try unsafe read(into: target, at: offset) }
    }.get()
    bytes.removeLast(count - outcome.count)
    return (bytes, outcome.path)
  }
}

/// The figures of a client add up to what it returned.
func expectAddsUp(_ client: Client, sourceLocation: SourceLocation = #_sourceLocation) {
  let figures = client.statistics
  #expect(
    figures.bytes.values.reduce(0, +) == figures.bytesReturned, "\(figures)",
    sourceLocation: sourceLocation)
}
