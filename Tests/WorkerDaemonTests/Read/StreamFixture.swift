// The object port over an in-memory UFS whose reads can be held, and clients that run on a ring of their own.

import Glibc
import HTTPWire
import PageStore
import Ring
import Synchronization
import TestSupport
import WorkerDaemon

/// A worker of one ring with pages of 1 MiB.
final class StreamFixture: Sendable {
  let gate: ReadGate
  let ufs: FakeUFS
  let files: FileService
  let pageSize = 1 << 20
  let group: ReactorGroup
  private let server: HTTPServer

  /// Runs `body` with a worker of its own, and stops it.
  static func run(
    permits: Int = 1 << 30, pages: Int = 32, _ body: (StreamFixture) async throws -> Void
  ) async throws {
    let fixture = try await StreamFixture(permits: permits, pages: pages)
    do {
      try await body(fixture)
    } catch {
      await fixture.stop()
      throw error
    }
    await fixture.stop()
  }

  private init(permits: Int, pages: Int) async throws {
    let gate = ReadGate(permits: permits)
    self.gate = gate
    ufs = FakeUFS { await gate.pass() }
    group = try ReactorGroup(count: 2, pinned: false)
    var options = FileService.Options()
    options.statusValidity = .seconds(3600)
    files = FileService(
      mounts: try TestMounts.table(ufs),
      store: try PageStore(capacity: pages << 20, pageSize: pageSize),
      reactors: group.reactors, options: options)
    server = try await HTTPServer.start(
      on: [group.reactors[0]], options: .patient,
      handler: ObjectHandler(files: files, ringCount: 2))
  }

  private func stop() async {
    gate.release()
    await server.drain(within: .seconds(5))
    group.stop()
  }

  /// Runs `body` on the worker's ring.
  func onRing<T: Sendable>(
    _ body: @escaping @Sendable () async throws -> T
  ) async throws -> T {
    try await group.reactors[0].run { () async -> Result<T, any Error> in
      do { return .success(try await body()) } catch { return .failure(error) }
    }.get()
  }

  /// A client that has asked for `path`, or for `range` of it.
  func get(_ path: String, range: ClosedRange<Int>? = nil) async throws -> StreamClient {
    let client = StreamClient(reactor: group.reactors[1], address: server.address)
    try await client.send(
      "GET \(path) HTTP/1.1\r\nHost: x\r\n"
        + (range.map { "Range: bytes=\($0.lowerBound)-\($0.upperBound)\r\n" } ?? "") + "\r\n")
    return client
  }

  /// Connections that are open.
  var activeCount: UInt64 { server.statistics.active }

  /// Bytes of `path` that are cached.
  func resident(_ path: String) async throws -> Int64 {
    try await onRing { [files] in
      files.residentBytes(of: try await files.record(ofAlluxioPath: path))
    }
  }
}

/// What a client met instead of bytes.
enum StreamClientError: Error { case connect(Int32), send(Int32), silence(Int32) }

/// One connection, driven from any thread, that waits at most 20 seconds for anything.
final class StreamClient: Sendable {
  private let reactor: Reactor
  private let address: SocketAddress
  private let fd = Atomic<Int32>(-1)
  private let received = Mutex<[UInt8]>([])

  init(reactor: Reactor, address: SocketAddress) {
    self.reactor = reactor
    self.address = address
  }

  deinit { close() }

  func send(_ text: String) async throws {
    let result = await reactor.run { [self] () async -> Int32 in
      let fd = await reactor.connect(to: address, within: .seconds(20))
      guard fd >= 0 else { return fd }
      self.fd.store(fd, ordering: .relaxed)
      let bytes = Array(text.utf8)
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
      defer { buffer.deallocate() }
      buffer.copyBytes(from: bytes)
      return await reactor.send(fd, UnsafeRawBufferPointer(buffer))
    }
    guard result > 0 else { throw StreamClientError.send(result) }
  }

  /// The head of the response.
  func head() async throws -> String {
    while true {
      let head = received.withLock { received -> String? in
        guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        defer { received.removeFirst(end.upperBound) }
        return String(decoding: received[..<end.upperBound], as: UTF8.self)
      }
      if let head { return head }
      guard try await receive() else { return "" }
    }
  }

  /// The next `count` bytes; fewer when the connection ended.
  func bytes(_ count: Int) async throws -> [UInt8] {
    while received.withLock({ $0.count }) < count {
      guard try await receive() else { break }
    }
    return received.withLock { received in
      let bytes = Array(received.prefix(count))
      received.removeFirst(bytes.count)
      return bytes
    }
  }

  private func receive() async throws -> Bool {
    let (count, bytes) = await reactor.run { [self] () async -> (Int32, [UInt8]) in
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 8)
      defer { buffer.deallocate() }
      let count = await reactor.receive(
        fd.load(ordering: .relaxed), into: buffer, within: .seconds(20))
      return (count, count > 0 ? Array(buffer[..<Int(count)]) : [])
    }
    if count < 0, count != -ECONNRESET { throw StreamClientError.silence(count) }
    received.withLock { $0 += bytes }
    return count > 0
  }

  /// Ends the connection.
  func close() {
    let fd = fd.exchange(-1, ordering: .relaxed)
    if fd >= 0 { Glibc.close(fd) }
  }
}
