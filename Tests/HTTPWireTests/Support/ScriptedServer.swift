// A server that does exactly what a test tells it: wrong lengths, resets, silence.

import Glibc
import Synchronization
import Testing

@testable import HTTPWire
@testable import Ring

/// One connection that a script answers on.
struct ScriptedPeer: Sendable {
  let reactor: Reactor
  let fd: Int32
  /// 0-based number of the connection.
  let number: Int

  /// Receives up to the end of a head; nil when the client is gone.
  func head() async -> String? {
    let byte = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
    defer { unsafe byte.deallocate() }
    var text: [UInt8] = []
    while !text.suffix(4).elementsEqual("\r\n\r\n".utf8) {
      guard await unsafe reactor.receive(fd, into: byte) == 1 else { return nil }
      unsafe text.append(byte[0])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Receives `count` bytes of a body.
  func body(_ count: Int) async -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
    defer { unsafe buffer.deallocate() }
    let got = await unsafe reactor.receive(fd, into: buffer, waitAll: true)
    return unsafe Array(buffer[..<max(0, Int(got))])
  }

  /// Sends bytes; false when the client is gone.
  @discardableResult
  func send(_ bytes: [UInt8]) async -> Bool {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { unsafe buffer.deallocate() }
    unsafe buffer.copyBytes(from: bytes)
    return await unsafe reactor.send(fd, UnsafeRawBufferPointer(buffer)) == bytes.count
  }

  /// Sends text; false when the client is gone.
  @discardableResult
  func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

  /// Answers requests with `text` until the client is gone.
  func answerAll(_ text: String) async {
    while await head() != nil, await send(text) {}
  }

  /// Waits until the client is gone.
  func untilGone() async {
    let byte = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
    defer { unsafe byte.deallocate() }
    while await unsafe reactor.receive(fd, into: byte) > 0 {}
  }

  /// Ends the sending side.
  func endSending() { _ = shutdown(fd, Int32(SHUT_WR)) }

  /// Ends both sides.
  func closeBoth() { _ = shutdown(fd, Int32(SHUT_RDWR)) }

  /// Makes the close at the end of the script a reset.
  func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }
}

/// A listener that lives as long as somebody holds it.
private final class Door: Sendable {
  let listener: Listener

  init() throws(RingError) { listener = try Listener(.ip("127.0.0.1", port: 0), reusePort: false) }
}

/// A client against a script: two rings of their own, so that neither waits for the other.
@discardableResult
func withClient<T: Sendable>(
  _ options: HTTPClientOptions = HTTPClientOptions(),
  _ script: @escaping @Sendable (ScriptedPeer) async -> Void,
  _ body: @escaping @Sendable (HTTPClient, HTTPOrigin) async throws -> T
) async throws -> T {
  let group = try ReactorGroup(count: 2, pinned: false)
  defer { group.stop() }
  let pool = try BlockingPool(name: "test", threads: 1)
  defer { pool.stop() }
  let client = HTTPClient(reactors: 2, options: options, resolver: HostResolver(pool: pool))
  let server = group.reactors[0]
  let door = try Door()
  await server.run {
    let count = Mutex(0)
    // Ends with the reactor.
    _ = server.accept(door.listener) { fd in
      let number = count.withLock { count in
        count += 1
        return count - 1
      }
      server.spawn {
        await script(ScriptedPeer(reactor: server, fd: fd, number: number))
        Glibc.close(fd)
      }
    }
  }
  guard case .ip(_, let port) = door.listener.address else { throw WireFailure.connect(0) }
  let origin = HTTPOrigin(isSecure: false, host: "127.0.0.1", port: port)
  let result: Result<T, any Error> = await group.reactors[1].run {
    do { return .success(try await body(client, origin)) } catch { return .failure(error) }
  }
  withExtendedLifetime(door) {}
  return try result.get()
}

/// The code of what `body` throws, nil for nothing.
func clientCode<T>(_ body: () async throws -> T) async -> HTTPClientError.Code? {
  do {
    _ = try await body()
    return nil
  } catch let error as HTTPClientError {
    return error.code
  } catch {
    Issue.record("an error that is not the client's: \(error)")
    return nil
  }
}

/// Options with changes.
func options(_ change: (inout HTTPClientOptions) -> Void) -> HTTPClientOptions {
  var options = HTTPClientOptions()
  change(&options)
  return options
}

extension HTTPClient {
  /// Asks for `target` and collects the body.
  func fetch(
    _ origin: HTTPOrigin, _ target: String = "/", deadline: UInt64 = .max
  ) async throws(HTTPClientError) -> [UInt8] {
    let reply = try await send(HTTPClientRequest(.get, origin, target: target), deadline: deadline)
    let bytes = try await reply.collect(max: 1 << 30)
    await reply.finish()
    return bytes
  }
}

extension HTTPClientResponse {
  /// Reads once into fresh memory of `count` bytes.
  func read(_ count: Int) async throws(HTTPClientError) -> [UInt8] {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    defer { unsafe buffer.deallocate() }
    let got = try await unsafe read(into: buffer)
    return unsafe Array(buffer[..<got])
  }
}
