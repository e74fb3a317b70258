// Socket operations of a reactor. Results are ≥ 0 or -errno.

package import CLinux
import Glibc

extension Reactor {
  /// Most bytes that one receive into a buffer of the ring's own brings.
  package static let providedSizeMax = ProvidedBuffers.bufferSize

  /// Receives into `buffer`; with `waitAll` the kernel returns only when it is full, the stream ended or failed.
  package func receive(
    _ fd: Int32, into buffer: UnsafeMutableRawBufferPointer, waitAll: Bool = false
  ) async -> Int32 {
    await unsafe perform { sqe in
      unsafe io_uring_prep_recv(
        sqe, fd, buffer.baseAddress, buffer.count, waitAll ? Int32(MSG_WAITALL) : 0)
    }.result
  }

  /// As `receive`, and gives up after `limit` with -ECANCELED.
  package func receive(
    _ fd: Int32, into buffer: UnsafeMutableRawBufferPointer, waitAll: Bool = false,
    within limit: Duration
  ) async -> Int32 {
    await unsafe perform(within: limit) { sqe in
      unsafe io_uring_prep_recv(
        sqe, fd, buffer.baseAddress, buffer.count, waitAll ? Int32(MSG_WAITALL) : 0)
    }.result
  }

  /// Receives into the pieces of `message`; with `waitAll` as above.
  ///
  /// Gives up after `limit` with -ECANCELED.
  package func receive(
    _ fd: Int32, _ message: UnsafeMutablePointer<msghdr>, waitAll: Bool = false,
    within limit: Duration
  ) async -> Int32 {
    await unsafe perform(within: limit) { sqe in
      unsafe io_uring_prep_recvmsg(sqe, fd, message, waitAll ? UInt32(MSG_WAITALL) : 0)
    }.result
  }

  /// Receives into one of the ring's own 4 KiB buffers, which is taken only when bytes arrive; give
  /// it back with `giveBack(_:)`.
  ///
  /// Waits when all buffers are in use.
  package func receiveProvided(_ fd: Int32) async -> ProvidedReceive {
    while true {
      let completion = await unsafe perform { sqe in
        unsafe io_uring_prep_recv(sqe, fd, nil, ProvidedBuffers.bufferSize, 0)
        unsafe sqe.pointee.flags |= UInt8(pen_iosqe_buffer_select())
        unsafe sqe.pointee.buf_group = ProvidedBuffers.group
      }
      guard completion.result == -ENOBUFS, providedBuffers?.freeCount == 0 else {
        guard let received = providedBuffers?.take(completion) else {
          preconditionFailure("a running reactor has receive buffers")
        }
        if received.result == -ENOBUFS { continue }
        return received
      }
      await unsafe withUnsafeContinuation { unsafe providedBuffers?.waiters.append($0) }
    }
  }

  /// Returns the buffer of a `receiveProvided` to the ring.
  package func giveBack(_ bufferID: UInt16) {
    preconditionOnReactor()
    providedBuffers?.giveBack(bufferID)
  }

  /// Sends a message; with MSG_WAITALL the kernel resubmits short sends itself.
  ///
  /// Returns bytes or -errno.
  package func send(_ fd: Int32, _ message: UnsafeMutablePointer<msghdr>) async -> Int32 {
    await unsafe perform { sqe in
      unsafe io_uring_prep_sendmsg(
        sqe, fd, message, UInt32(MSG_WAITALL) | UInt32(MSG_NOSIGNAL))
    }.result
  }

  /// Sends `buffer`.
  ///
  /// Returns bytes (fewer only when the connection failed meanwhile) or -errno.
  package func send(_ fd: Int32, _ buffer: UnsafeRawBufferPointer) async -> Int32 {
    await unsafe perform { sqe in
      unsafe io_uring_prep_send(
        sqe, fd, buffer.baseAddress, buffer.count,
        Int32(MSG_WAITALL) | Int32(MSG_NOSIGNAL))
    }.result
  }

  /// As `send`, and gives up after `limit` with -ECANCELED.
  package func send(
    _ fd: Int32, _ buffer: UnsafeRawBufferPointer, within limit: Duration
  ) async -> Int32 {
    await unsafe perform(within: limit) { sqe in
      unsafe io_uring_prep_send(
        sqe, fd, buffer.baseAddress, buffer.count,
        Int32(MSG_WAITALL) | Int32(MSG_NOSIGNAL))
    }.result
  }

  /// Sends a copy of `bytes`; for messages so small that copying them costs nothing.
  package func send(
    _ fd: Int32, _ bytes: [UInt8], within limit: Duration = .seconds(60)
  ) async -> Int32 {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    defer { unsafe copy.deallocate() }
    unsafe copy.copyBytes(from: bytes)
    return unsafe await send(fd, UnsafeRawBufferPointer(copy), within: limit)
  }

  /// Connects a new stream socket to `address`.
  ///
  /// Returns its descriptor or -errno.
  package func connect(to address: SocketAddress, within limit: Duration) async -> Int32 {
    let fd = socket(
      address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard fd >= 0 else { return -errno }
    if address.family != AF_UNIX { setNoDelay(fd) }
    let storage = unsafe address.allocate()
    defer { unsafe storage.pointer.deallocate() }
    let result = unsafe await perform(within: limit) { sqe in
      unsafe io_uring_prep_connect(
        sqe, fd, storage.pointer.assumingMemoryBound(to: sockaddr.self), storage.length)
    }.result
    guard result >= 0 else {
      Glibc.close(fd)
      return result == -ECANCELED ? -ETIMEDOUT : result
    }
    return fd
  }

  /// Accepts connections of `listener` on this ring until `stopAccepting` or an error; `onAccept` gets each descriptor.
  ///
  /// Out of descriptors (EMFILE, ENFILE) and aborted connections do not end it: it pauses 100 ms and goes on.
  package func accept(
    _ listener: borrowing Listener, onAccept: @escaping (Int32) -> Void
  ) -> AcceptHandle {
    preconditionOnReactor()
    let handle = AcceptHandle(reactor: self, listener: listener, onAccept: onAccept)
    handle.arm()
    return handle
  }
}

/// Turns Nagle's algorithm off: a response is one message, there is nothing to wait for.
package func setNoDelay(_ fd: Int32) {
  var one: Int32 = 1
  // A socket without TCP (a Unix one) refuses, which is right.
  _ = unsafe setsockopt(
    fd, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
}
