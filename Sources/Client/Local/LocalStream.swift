// The domain socket as a stream of bytes, with the descriptors that come beside them.

import CLinux
import Glibc
import Ring

/// A connected stream socket; one thread sends and one receives at a time.
@safe final class LocalStream: @unchecked Sendable {
  // SAFETY: the receive buffers are touched by the one thread that receives; the descriptor never changes.
  private static let roomSize = 256 << 10
  private static let descriptorCountMax = 16
  /// Longest that a worker may take to accept, in nanoseconds.
  private static let acceptTimeMax: UInt64 = 10_000_000_000

  let descriptor: Int32
  private let room: UnsafeMutableRawPointer
  /// Descriptors received and not yet taken, in their order.
  private var descriptors: [Int32] = []
  private var gauge = SpinGauge()

  /// Connects to the socket at `path`.
  ///
  /// - Throws: `unavailable` when nobody listens there, `denied` when the file may not be opened, `invalid` when the path is too long.
  init(path: String) throws(ClientError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let sizeMax = MemoryLayout.size(ofValue: address.sun_path) - 1
    guard !bytes.isEmpty, bytes.count <= sizeMax, !bytes.contains(0) else {
      throw ClientError(
        .invalid, path, "a socket's path has 1 to \(sizeMax) bytes, this one \(bytes.count)",
        "use a shorter directory in alluxio.worker.data.server.domain.socket.address")
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { throw .system("socket", errno) }
    // A worker that is stopped accepts nobody: who finds its queue full would wait for ever.
    let limit = Patience.left(atMost: Self.acceptTimeMax)
    var time = timeval(
      tv_sec: Int(limit / 1_000_000_000), tv_usec: Int(limit % 1_000_000_000 / 1000))
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    let code = unsafe withUnsafePointer(to: address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard code == 0 else {
      let code = errno
      close(descriptor)
      throw code == EAGAIN ? .silent(path, for: limit) : Self.refused(path, code)
    }
    self.descriptor = descriptor
    unsafe room = .allocate(byteCount: Self.roomSize, alignment: 64)
  }

  deinit {
    for descriptor in descriptors { close(descriptor) }
    close(descriptor)
    unsafe room.deallocate()
  }

  private static func refused(_ path: String, _ code: Int32) -> ClientError {
    switch code {
    case EACCES, EPERM:
      ClientError(
        .denied, path, "the socket may not be opened: \(systemText(code))",
        "give the user write permission on the socket and its directory")
    case ENOENT, ECONNREFUSED:
      ClientError(
        .unavailable, path, "no worker listens: \(systemText(code))",
        "is the worker running, and is the directory shared with it?")
    default: ClientError(.unavailable, path, systemText(code))
    }
  }

  /// Looks who listens at the other end, which is `path`.
  ///
  /// - Throws: `mismatch` when that is none of `users`: what it would answer is not believed.
  func check(_ path: String, servedBy users: Set<UInt32>) throws(ClientError) {
    var (user, group): (UInt32, UInt32) = (0, 0)
    var process: Int32 = 0
    let code = unsafe pen_peer(descriptor, &user, &group, &process)
    guard code == 0 else { throw .system("getsockopt(SO_PEERCRED)", -code) }
    guard !users.contains(user) else { return }
    throw ClientError(
      .mismatch, path, "user \(user) listens there, whose word is not taken",
      "if that is the worker's user, name it in penstock.user.short.circuit.worker.users; else find out who made the socket"
    )
  }

  /// Ends the stream for both sides, which wakes whoever receives; the descriptor stays open.
  func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Sends what the socket has room for, without waiting; returns how many bytes that were.
  func sendSome(_ bytes: ArraySlice<UInt8>) throws(ClientError) -> Int {
    while true {
      let count = unsafe bytes.withUnsafeBytes { all in
        unsafe Glibc.send(
          descriptor, all.baseAddress, all.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if count >= 0 { return count }
      switch errno {
      case EINTR: continue
      case EAGAIN: return 0
      case let code:
        throw ClientError(.unavailable, "worker", "the connection ended: \(systemText(code))")
      }
    }
  }

  /// Waits until the socket has room; false when it has none at `deadline`.
  func awaitRoom(until deadline: UInt64) -> Bool {
    while true {
      let now = monotonicNow()
      guard now < deadline else { return false }
      var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      let limit = Int32(clamping: (deadline - now) / 1_000_000 + 1)
      if unsafe poll(&polled, 1, limit) > 0 { return true }
    }
  }

  /// What a look at the socket brought.
  enum Received {
    /// Bytes, which `body` was given.
    case bytes
    /// Nothing within a second, or nothing yet.
    case nothing
    /// The worker ended the connection.
    case ended
  }

  /// Receives what comes: looks for `spinning` nanoseconds where that has paid, then sleeps for a second.
  func receive(
    spinning: UInt64, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(ClientError) -> Received {
    if spinning > 0, gauge.shouldLook() {
      let end = monotonicNow() &+ spinning
      repeat {
        let received = unsafe try receive(body)
        if case .nothing = received { continue }
        gauge.note(found: true)
        return received
      } while monotonicNow() < end
      gauge.note(found: false)
    }
    // A receiver looks up once a second: at deadlines, and whether the worker is alive. One that slept in recvmsg(2) would be
    // woken twice for an answer: the first time when the worker takes the question, which makes room.
    var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&polled, 1, 1000) > 0 else { return .nothing }
    return unsafe try receive(body)
  }

  /// Receives what is there and gives it to `body`, without waiting.
  func receive(_ body: (UnsafeRawBufferPointer) -> Void) throws(ClientError) -> Received {
    var found: (Int32, Int32, Int32, Int32) = (-1, -1, -1, -1)
    var foundCount: Int32 = 0
    // No array: this is asked again and again while a thread looks for its answer.
    let count = unsafe withUnsafeMutableBytes(of: &found) { found in
      unsafe pen_receive_with(
        descriptor, room, Self.roomSize, false,
        found.baseAddress?.assumingMemoryBound(to: Int32.self), 4, &foundCount)
    }
    if foundCount > 0 {
      let all = [found.0, found.1, found.2, found.3]
      descriptors += all.prefix(Int(foundCount))
    }
    switch Int32(clamping: -count) {
    case EINTR, EAGAIN: return .nothing
    case EPROTO: throw .broken("more descriptors than anybody needs")
    case 0: return .ended
    case let code where code > 0:
      throw ClientError(.unavailable, "worker", "the connection ended: \(systemText(code))")
    default: break
    }
    guard descriptors.count <= Self.descriptorCountMax else {
      throw .broken("more descriptors than anybody needs")
    }
    unsafe body(UnsafeRawBufferPointer(start: room, count: count))
    return .bytes
  }

  /// The first descriptor that waits, which is the caller's from then on; nil without one.
  func takeDescriptor() -> Int32? { descriptors.isEmpty ? nil : descriptors.removeFirst() }

  /// Whether a descriptor waits.
  var hasDescriptor: Bool { !descriptors.isEmpty }
}
