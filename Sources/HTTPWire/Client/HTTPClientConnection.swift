// One connection of a client: a descriptor, what was received and not consumed, and the limits of the wait in flight.
//
//   request ─▶ head ─▶ body ─▶ (kept, next request) … closed
//
// A wait is watched by the ring's sweep, which shuts the socket down when the deadline passes or nothing moves: the operation in
// flight then ends, and `expiry` says why.

import CLinux
import Glibc
import Ring

/// A connection to an origin; one request at a time.
// SAFETY: confined to its ring's thread; only the last reference may go elsewhere.
@safe final class HTTPClientConnection: @unchecked Sendable {
  /// Why a wait was ended from outside.
  enum Expiry {
    /// The deadline passed.
    case deadline
    /// Too little moved for too long.
    case stall
    /// The reply was dropped by its reader.
    case dropped
  }

  let ring: HTTPClientRing
  let pool: HTTPOriginPool
  let fd: Int32
  let address: SocketAddress
  var input = HTTPInput()
  /// TLS, once it is agreed on or under way.
  var tls: TLSSession?
  /// How TLS ended, if it did not end well.
  var tlsFailure: TLSFailure?
  /// Requests begun on it.
  var useCount = 0
  /// When it was last put aside.
  var idleStart: UInt64 = 0
  /// Whether any byte of the present reply came.
  var hasReplyBytes = false
  /// When the present exchange must be over, in monotonic nanoseconds.
  var deadline = UInt64.max
  /// When bytes last moved in the wait in flight; 0 when nothing is in flight.
  private(set) var lastProgress: UInt64 = 0
  /// Bytes moved when last looked at, and when that was.
  private var mark: UInt64 = 0
  private var markTime: UInt64 = 0
  private(set) var expiry: Expiry?
  private(set) var isClosed = false
  /// Place among the ring's busy connections; -1 when it is not one.
  var busyIndex = -1

  init(ring: HTTPClientRing, pool: HTTPOriginPool, fd: Int32, address: SocketAddress) {
    self.ring = ring
    self.pool = pool
    self.fd = fd
    self.address = address
  }

  deinit {
    // Only when the ring went away with its connections.
    if !isClosed { Glibc.close(fd) }
  }

  /// Whether an operation is in flight.
  var isWaiting: Bool { lastProgress != 0 }

  /// Receives into `buffer`, which is not empty; with `waitAll` until it is full or the stream ends.
  ///
  /// Returns bytes, 0 at the end of the stream, or -errno.
  func receive(
    into buffer: UnsafeMutableRawBufferPointer, waitAll: Bool
  ) async -> Int32 {
    // The kernel's result is 32 bits wide.
    let room = unsafe UnsafeMutableRawBufferPointer(
      rebasing: buffer[..<min(buffer.count, 1 << 30)])
    if let tls { return await unsafe receive(by: tls, into: room, waitAll: waitAll) }
    return await unsafe receiveRaw(into: room, waitAll: waitAll)
  }

  /// Receives from the socket.
  func receiveRaw(into buffer: UnsafeMutableRawBufferPointer, waitAll: Bool) async -> Int32 {
    beginWait()
    let result = await unsafe ring.reactor.receive(fd, into: buffer, waitAll: waitAll)
    endWait()
    if result > 0 { ring.counters.bytesIn.add(Int(result)) }
    return result
  }

  /// Receives once into the input; returns bytes, 0 at the end of the stream, or -errno.
  func receiveInput() async -> Int32 {
    let room = unsafe input.makeRoom(from: &ring.blocks)
    let result = await unsafe receive(into: room, waitAll: false)
    if result > 0 { input.received(Int(result)) }
    return result
  }

  /// Sends all of `bytes`; returns 0, or -errno.
  func send(_ bytes: UnsafeRawBufferPointer) async -> Int32 {
    if let tls { return await unsafe send(by: tls, bytes) }
    return await unsafe sendRaw(bytes)
  }

  /// Sends to the socket.
  func sendRaw(_ bytes: UnsafeRawBufferPointer) async -> Int32 {
    var offset = 0
    while offset < bytes.count {
      let rest = unsafe bytes.slice(offset, min(bytes.count - offset, 1 << 30))
      beginWait()
      let result = await unsafe ring.reactor.send(fd, rest)
      endWait()
      guard result > 0 else { return result < 0 ? result : -EPIPE }
      ring.counters.bytesOut.add(Int(result))
      offset += Int(result)
    }
    return 0
  }

  /// Ends what is in flight; whoever waits for it finds `reason` in `expiry`.
  func expire(_ reason: Expiry) {
    guard expiry == nil else { return }
    expiry = reason
    _ = shutdown(fd, Int32(SHUT_RDWR))
  }

  /// Closes the descriptor; nothing may be in flight.
  func close() {
    precondition(!isWaiting, "a connection is closed when nothing is in flight")
    guard !isClosed else { return }
    isClosed = true
    input.release(to: &ring.blocks)
    ring.removeBusy(self)
    Glibc.close(fd)
    ring.counters.closed.add()
  }

  // MARK: Waits

  private func beginWait() {
    precondition(!isWaiting, "a connection does one thing at a time")
    precondition(!isClosed, "a closed connection is not used")
    lastProgress = max(1, ring.reactor.now)
    markTime = 0
  }

  private func endWait() { lastProgress = 0 }

  /// Ends the wait in flight if its time ran out.
  func check(now: UInt64) {
    guard isWaiting, expiry == nil else { return }
    if now >= deadline { return expire(.deadline) }
    let stall = ring.options.stallTimeout.nanoseconds
    if markTime == 0 {
      mark = TCPProgress.movedCount(fd)
      markTime = now
      return
    }
    // Looked at four times within the limit: a stall is noticed a quarter late at most.
    guard now &- markTime >= stall / 4 else { return }
    let moved = TCPProgress.movedCount(fd)
    if moved &- mark >= ring.options.progressSizeMin {
      lastProgress = now
      mark = moved
    }
    markTime = now
    if now &- lastProgress >= stall { expire(.stall) }
  }

  /// Whether a kept connection is still good: open, and without a byte that nobody asked for.
  var isQuiet: Bool {
    var byte: UInt8 = 0
    let result = unsafe recv(fd, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
    return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)
  }

  // MARK: Errors

  /// The error for an operation's `result` while `doing`; `ended` is the code for the end of the stream.
  func failure(
    _ result: Int32, _ doing: String, ended: HTTPClientError.Code
  ) -> HTTPClientError {
    let origin = pool.origin
    switch expiry {
    case .deadline:
      ring.counters.timeouts.add()
      return HTTPClientError(.timeout, origin, "the deadline passed while \(doing)")
    case .stall:
      ring.counters.timeouts.add()
      return HTTPClientError(
        .timeout, origin, "nothing moved for \(ring.options.stallTimeout) while \(doing)")
    case .dropped: return HTTPClientError(.stopped, origin, "dropped while \(doing)")
    case nil: break
    }
    if let tlsFailure {
      // An end without notice may be anybody's doing: the same as the end of the stream.
      let code: HTTPClientError.Code =
        switch tlsFailure.kind {
        case .certificate: .certificate
        case .protocol: .tls
        case .cutShort: ended
        }
      return HTTPClientError(code, origin, "\(tlsFailure.reason), while \(doing)")
    }
    if result == 0 { return HTTPClientError(ended, origin, "the server closed while \(doing)") }
    let code: HTTPClientError.Code = result == -ECANCELED ? .stopped : .reset
    return HTTPClientError(code, origin, doing, errno: -result)
  }
}
