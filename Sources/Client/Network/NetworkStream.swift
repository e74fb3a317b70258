// A blocking HTTP/1.1 connection to a worker.

import Glibc
import HTTPWire
import Ring

/// A connection with one request at a time.
final class NetworkStream {
  private static let bufferSize = 64 << 10
  private static let headMax = 16 << 10

  private let descriptor: Int32
  private var buffer = [UInt8](repeating: 0, count: bufferSize)
  private var start = 0
  private var end = 0
  /// When it was used last, of the monotonic clock.
  var usedAt: UInt64 = 0
  /// Whether a byte of the present answer has come.
  private(set) var hasAnswered = false
  /// Whether the other side has closed it.
  private(set) var isClosed = false
  /// What errors call the other side.
  private let name: String
  /// Nanoseconds that it may be silent.
  private var silence: UInt64 = 0

  /// Connects to `address` within `limit` nanoseconds.
  init(_ address: WorkerAddress, limit: UInt64) throws(ClientError) {
    name = "\(address.host):\(address.port)"
    descriptor = try Self.connect(address, name: name, limit: limit)
    set(SOL_SOCKET, SO_KEEPALIVE, 1)
    set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
  }

  deinit { close(descriptor) }

  /// Bounds each wait from now on by `silence` nanoseconds.
  func bound(to silence: UInt64) {
    guard silence != self.silence else { return }
    self.silence = silence
    var time = timeval(
      tv_sec: Int(clamping: silence / 1_000_000_000),
      tv_usec: Int(silence % 1_000_000_000 / 1000))
    let size = socklen_t(MemoryLayout<timeval>.size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, Int32(clamping: max(1, silence / 1_000_000_000)))
  }

  private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func connect(
    _ address: WorkerAddress, name: String, limit: UInt64
  ) throws(ClientError) -> Int32 {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(address.host, "\(address.port)", &hints, &list)
    guard code == 0 else {
      throw ClientError(
        .unavailable, name,
        "the name cannot be resolved: \(unsafe String(cString: gai_strerror(code)))",
        "check the worker's address")
    }
    defer { unsafe freeaddrinfo(list) }
    var failure = ECONNREFUSED
    var next = unsafe list
    while let entry = unsafe next {
      let info = unsafe entry.pointee
      unsafe next = info.ai_next
      let kind =
        unsafe info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
      let descriptor = unsafe socket(info.ai_family, kind, info.ai_protocol)
      guard descriptor >= 0 else { throw .system("socket", errno) }
      failure = unsafe Self.connect(descriptor, info.ai_addr, info.ai_addrlen, limit: limit)
      if failure == 0 {
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK)
        return descriptor
      }
      close(descriptor)
    }
    throw ClientError(
      .unavailable, name, "cannot connect: \(systemText(failure))", "is the worker running there?")
  }

  private static func connect(
    _ descriptor: Int32, _ address: UnsafeMutablePointer<sockaddr>?, _ size: socklen_t,
    limit: UInt64
  ) -> Int32 {
    if unsafe Glibc.connect(descriptor, address, size) == 0 { return 0 }
    guard errno == EINPROGRESS || errno == EINTR else { return errno }
    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    let deadline = monotonicNow() &+ limit
    while true {
      let now = monotonicNow()
      guard now < deadline else { return ETIMEDOUT }
      let count = unsafe poll(&waiting, 1, Int32(clamping: (deadline - now) / 1_000_000 + 1))
      if count > 0 { break }
    }
    var failure: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &length)
    return failure
  }

  /// Sends a request's head.
  func send(_ text: String) throws(ClientError) {
    let bytes = Array(text.utf8)
    hasAnswered = false
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { all in
        unsafe Glibc.send(
          descriptor, all.baseAddress.map { unsafe $0 + sent }, all.count - sent,
          Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw lost(errno) }
      sent += count
    }
  }

  private func lost(_ code: Int32) -> ClientError {
    guard code != EAGAIN else { return .silent(name, for: silence) }
    isClosed = true
    return ClientError(
      .unavailable, name, code == 0 ? "the connection was closed" : systemText(code),
      "is the worker running there?")
  }

  /// Receives more into the empty buffer.
  private func fill() throws(ClientError) {
    let count = unsafe try receive { unsafe $0 }
    start = 0
    end = count
  }

  private func receive(
    _ place: (UnsafeMutableRawBufferPointer) -> UnsafeMutableRawBufferPointer
  ) throws(ClientError) -> Int {
    let count = unsafe buffer.withUnsafeMutableBytes { all in
      let part = unsafe place(all)
      return unsafe Self.receive(descriptor, part)
    }
    return try took(count)
  }

  private static func receive(_ descriptor: Int32, _ part: UnsafeMutableRawBufferPointer) -> Int {
    while true {
      let count = unsafe recv(descriptor, part.baseAddress, part.count, 0)
      if count < 0, errno == EINTR { continue }
      return count
    }
  }

  private func took(_ count: Int) throws(ClientError) -> Int {
    guard count > 0 else { throw lost(count == 0 ? 0 : errno) }
    hasAnswered = true
    return count
  }

  /// Receives the head of the answer; interim ones are passed over.
  func receiveHead() throws(ClientError) -> HTTPResponseHead {
    while true {
      var parser = HTTPResponseHeadParser(limits: HTTPHeadLimits(sizeMax: Self.headMax))
      while true {
        let outcome = unsafe buffer.withUnsafeBytes { all in
          unsafe parser.parse(UnsafeRawBufferPointer(rebasing: all[start..<end]))
        }
        if case .complete = outcome { break }
        guard case .incomplete = outcome else { throw malformed("its head is none") }
        if start == end {
          try fill()
        } else {
          if start > 0 {
            buffer.replaceSubrange(0..<(end - start), with: Array(buffer[start..<end]))
            (start, end) = (0, end - start)
          }
          guard end < Self.bufferSize else { throw malformed("its head is too long") }
          let filled = end
          unsafe end += try receive {
            unsafe UnsafeMutableRawBufferPointer(rebasing: $0[filled...])
          }
        }
      }
      start += parser.head.length
      if !parser.head.isInterim { return parser.head }
    }
  }

  private func malformed(_ what: String) -> ClientError {
    ClientError(.protocolBroken, name, "the answer is malformed: \(what)", "is a worker there?")
  }

  /// Receives exactly the `target`'s bytes of a body.
  func receive(into target: UnsafeMutableRawBufferPointer) throws(ClientError) {
    let ready = min(end - start, target.count)
    unsafe buffer.withUnsafeBytes { all in
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: all[start..<start + ready]))
    }
    start += ready
    var done = ready
    while done < target.count {
      // SAFETY: `done` is less than the count.
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: target[done...])
      done += try took(unsafe Self.receive(descriptor, rest))
    }
  }

  /// Receives the whole body behind `head`, at most `max` bytes.
  func receiveBody(_ head: HTTPResponseHead, max: Int) throws(ClientError) -> [UInt8] {
    if head.isChunked { return try receiveChunks(max: max) }
    guard let length = head.contentLength else {
      if head.status == 204 || head.status == 304 { return [] }
      throw malformed("a body without a length")
    }
    guard length <= Int64(max) else { throw malformed("a body of \(length) bytes") }
    var body = [UInt8](repeating: 0, count: Int(length))
    let failure = unsafe body.withUnsafeMutableBytes { target -> ClientError? in
      do throws(ClientError) {
        unsafe try receive(into: unsafe target)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
    return body
  }

  private func receiveChunks(max: Int) throws(ClientError) -> [UInt8] {
    var decoder = HTTPChunkedDecoder()
    var body: [UInt8] = []
    while true {
      if start == end { try fill() }
      let event = unsafe buffer.withUnsafeBytes { all in
        unsafe decoder.next(UnsafeRawBufferPointer(rebasing: all[start..<end]))
      }
      switch event {
      case .incomplete: start = end
      case .data(let offset, let count):
        guard body.count <= max - count else { throw malformed("a body of over \(max) bytes") }
        body += buffer[start + offset..<start + offset + count]
        start += offset + count
      case .end(let consumed):
        start += consumed
        return body
      case .rejected: throw malformed("its pieces are none")
      }
    }
  }
}
