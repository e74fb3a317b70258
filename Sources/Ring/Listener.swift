// Listening sockets: one per ring on the same port (SO_REUSEPORT), accepted by a multishot operation.

import CLinux
import Glibc

/// A bound, listening socket.
package struct Listener: ~Copyable, Sendable {
  /// The socket.
  package let fd: Int32
  /// Where it listens; the port is the real one when 0 was asked for.
  package let address: SocketAddress

  /// Binds `address` and listens.
  ///
  /// - Throws: `.system` with EADDRINUSE, EACCES, EADDRNOTAVAIL …; EINVAL for an address that is none.
  package init(
    _ address: SocketAddress, reusePort: Bool, backlog: Int32 = 4096
  ) throws(RingError) {
    let fd = try Self.bound(address, reusePort: reusePort)
    guard Glibc.listen(fd, backlog) == 0 else {
      let error = RingError(.system, operation: "ring.listen", errno: errno)
      Glibc.close(fd)
      throw error
    }
    self.fd = fd
    if case .unix = address {
      self.address = address
    } else {
      self.address = SocketAddress.local(of: fd) ?? address
    }
  }

  /// Binds `address` alone and lets go of it at once, without ever listening: no client can meet the attempt.
  ///
  /// Listeners that share a port would share it with a stranger of the same user, too; this tells.
  /// - Throws: As `init`.
  package static func probe(_ address: SocketAddress) throws(RingError) {
    Glibc.close(try bound(address, reusePort: false))
  }

  /// A socket bound to `address`.
  private static func bound(
    _ address: SocketAddress, reusePort: Bool
  ) throws(RingError) -> Int32 {
    guard address.isValid else {
      throw RingError(.system, operation: "ring.listen", errno: EINVAL)
    }
    let fd = socket(
      address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard fd >= 0 else { throw RingError(.system, operation: "ring.listen", errno: errno) }
    if address.family != AF_UNIX {
      setOption(fd, SO_REUSEADDR)
      if reusePort { setOption(fd, SO_REUSEPORT) }
      setNoDelay(fd)
    }
    let storage = unsafe address.allocate()
    defer { unsafe storage.pointer.deallocate() }
    let sockaddr = unsafe storage.pointer.assumingMemoryBound(to: sockaddr.self)
    guard unsafe bind(fd, sockaddr, storage.length) == 0 else {
      let error = RingError(.system, operation: "ring.listen", errno: errno)
      Glibc.close(fd)
      throw error
    }
    return fd
  }

  deinit { Glibc.close(fd) }
}

private func setOption(_ fd: Int32, _ option: Int32) {
  var one: Int32 = 1
  // Failure shows at bind.
  _ = unsafe setsockopt(fd, SOL_SOCKET, option, &one, socklen_t(MemoryLayout<Int32>.size))
}

/// A running accept on one ring; confined to its thread.
@safe package final class AcceptHandle: CompletionHandler {
  private unowned let reactor: Reactor
  private let fd: Int32
  private let onAccept: (Int32) -> Void
  private var token: UInt64?
  private var isStopped = false
  private var onStop: UnsafeContinuation<Void, Never>?
  /// Connections the kernel could not hand over, by want of descriptors or otherwise.
  package private(set) var failureCount: UInt64 = 0

  init(reactor: Reactor, listener: borrowing Listener, onAccept: @escaping (Int32) -> Void) {
    self.reactor = reactor
    fd = listener.fd
    self.onAccept = onAccept
  }

  func arm() {
    let fd = fd
    token = unsafe reactor.start(self) { sqe in
      unsafe io_uring_prep_multishot_accept(
        sqe, fd, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
    }
  }

  package override func complete(_ completion: Completion, isLast: Bool) {
    if completion.result >= 0 {
      if isStopped { Glibc.close(completion.result) } else { onAccept(completion.result) }
    } else if completion.result != -ECANCELED {
      failureCount += 1
    }
    guard isLast else { return }
    token = nil
    if isStopped { return finishStop() }
    if completion.result >= 0 { return arm() }
    // SAFETY: the handle is confined to the reactor's thread, where the task runs as well.
    nonisolated(unsafe) let handle = self
    reactor.spawn {
      let handle = unsafe handle
      // A pause that was cut short means that the reactor stops: arming again would keep it from ending.
      repeat {
        guard await handle.reactor.sleep(for: .milliseconds(100)) else { return }
        // Without a free slot the pause goes on: operations in flight end some time.
      } while !handle.isStopped && handle.reactor.operations.isFull
      if !handle.isStopped, handle.token == nil { handle.arm() }
    }
  }

  /// Stops accepting and waits until the kernel has let go of the listener.
  package func stop() async {
    reactor.preconditionOnReactor()
    isStopped = true
    guard let token else { return }
    reactor.cancel(token: token)
    await unsafe withUnsafeContinuation { unsafe onStop = unsafe $0 }
  }

  private func finishStop() {
    let waiting = unsafe onStop
    unsafe onStop = nil
    unsafe waiting?.resume()
  }
}
