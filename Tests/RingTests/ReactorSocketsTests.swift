import Glibc
import Synchronization
import Testing

@testable import Ring

@Suite("Reactor sockets")
struct ReactorSocketsTests {
  @Test(
    "accept, receive and send work over TCP and Unix sockets",
    arguments: [
      SocketAddress.ip("127.0.0.1", port: 0), .ip("::1", port: 0),
      .unix("/tmp/penstock-ring-test-\(getpid()).sock"),
    ])
  func echo(_ address: SocketAddress) async throws {
    if case .unix(let path) = address { unsafe unlink(path) }
    try await withReactor { reactor in
      let listener = try Listener(address, reusePort: true)
      let handle = reactor.accept(listener) { fd in
        reactor.spawn { await echoServer(reactor, fd) }
      }
      for round in 0..<5 {
        let fd = await reactor.connect(to: listener.address, within: .seconds(5))
        try #require(fd >= 0)
        let size = 1 << 20
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
        let back = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 1)
        defer {
          unsafe bytes.deallocate()
          unsafe back.deallocate()
        }
        for index in 0..<size {
          unsafe bytes[index] = UInt8(truncatingIfNeeded: index &* (7 + round))
        }
        nonisolated(unsafe) let source = unsafe bytes
        async let sent = reactor.send(fd, UnsafeRawBufferPointer(source))
        #expect(await unsafe reactor.receive(fd, into: back, waitAll: true) == Int32(size))
        #expect(await sent == Int32(size))
        #expect(unsafe bytes.elementsEqual(back))
        await reactor.close(fd)
      }
      await handle.stop()
    }
    if case .unix(let path) = address { unsafe unlink(path) }
  }

  @Test("a reactor that still accepts can be stopped")
  func stopWhileAccepting() async throws {
    let reactor = try Reactor()
    let address = try await reactor.run { () async -> Result<SocketAddress, RingError> in
      do throws(RingError) {
        let listener = try Listener(.ip("127.0.0.1", port: 0), reusePort: true)
        // Never stopped: the reactor ends the accept.
        _ = reactor.accept(listener) { Glibc.close($0) }
        return .success(listener.address)
      } catch {
        return .failure(error)
      }
    }.get()
    #expect(address.isValid)
    reactor.stop()
  }

  @Test("two rings share one port")
  func reusePort() async throws {
    let group = try ReactorGroup(count: 2, pinned: false)
    defer { group.stop() }
    let first = try Listener(.ip("127.0.0.1", port: 0), reusePort: true)
    let second = try Listener(first.address, reusePort: true)
    #expect(first.address == second.address)
  }

  @Test("a taken port is EADDRINUSE, an address that is none is EINVAL")
  func listenErrors() throws {
    let first = try Listener(.ip("127.0.0.1", port: 0), reusePort: false)
    let address = first.address
    #expect(throws: RingError(.system, operation: "ring.listen", errno: EADDRINUSE)) {
      _ = try Listener(address, reusePort: false).fd
    }
    #expect(throws: RingError(.system, operation: "ring.listen", errno: EINVAL)) {
      _ = try Listener(.ip("not an address", port: 1), reusePort: false).fd
    }
    #expect(throws: RingError(.system, operation: "ring.listen", errno: EINVAL)) {
      _ = try Listener(.unix(String(repeating: "x", count: 108)), reusePort: false).fd
    }
    #expect(!first.address.description.isEmpty)
  }

  @Test("receives wait for a provided buffer when all are in use, and go on when one is given back")
  func providedBuffers() async throws {
    var options = Reactor.Options()
    options.providedBufferCount = 2
    try await withReactor(options) { reactor in
      let total = await withTaskGroup(of: Int.self) { group in
        for index in 0..<16 {
          group.addTask {
            guard let (left, right) = try? socketPair() else { return -1 }
            var byte = UInt8(index)
            _ = unsafe Glibc.write(right, &byte, 1)
            let received = await reactor.receiveProvided(left)
            let value = unsafe received.result == 1 ? Int(received.bytes[0]) : -1000
            // Held for a while, so that others find no buffer.
            await reactor.sleep(for: .milliseconds(1))
            if let id = received.bufferID { reactor.giveBack(id) }
            await reactor.close(left)
            await reactor.close(right)
            return value
          }
        }
        var total = 0
        for await value in group { total += value }
        return total
      }
      #expect(total == (0..<16).reduce(0, +))
      #expect(reactor.providedBuffers?.freeCount == 2)
    }
  }
}

private func echoServer(_ reactor: Reactor, _ fd: Int32) async {
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 1)
  defer { unsafe buffer.deallocate() }
  while true {
    let count = await unsafe reactor.receive(fd, into: buffer)
    guard count > 0 else { break }
    let sent = await unsafe reactor.send(
      fd, UnsafeRawBufferPointer(rebasing: buffer[..<Int(count)]))
    guard sent == count else { break }
  }
  await reactor.close(fd)
}
