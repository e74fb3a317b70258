// One HTTP request to a worker over a blocking socket: all that a command needs.

import Glibc
import Model

/// A request to a worker.
enum WorkerConnection {
  /// Why there is no answer.
  struct Failure: Error {
    /// For people, such as `Connection refused`.
    let reason: String
    /// Whether something answered, in another language.
    var isForeign = false
  }

  /// Most bytes of an answer that are taken.
  private static let sizeMax = 64 << 20
  /// Seconds to wait for each piece of an answer to a question, and to the wish for a change.
  private static let timeout = 10
  private static let changeTimeout = 600

  /// Sends a request for `target` with a JSON `body`, none when empty; returns the status and the body of the answer.
  static func request(
    _ method: String, _ target: String, body: String, host: String, port: UInt16
  ) throws(Failure) -> (status: Int, body: String) {
    let seconds = method == "GET" ? timeout : changeTimeout
    let socket = try connect(host, port, seconds)
    defer { close(socket) }
    let name = host.bracketedHost
    let content =
      body.isEmpty
      ? "" : "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
    // HTTP/1.0: the answer ends where the connection does, and is never chunked.
    try send(
      "\(method) \(target) HTTP/1.0\r\nHost: \(name):\(port)\r\n\(content)\r\n\(body)", to: socket)
    return try parse(try receive(from: socket))
  }

  private static func connect(
    _ host: String, _ port: UInt16, _ seconds: Int
  ) throws(Failure) -> Int32 {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, "\(port)", &hints, &found)
    guard code == 0 else { throw Failure(reason: unsafe String(cString: gai_strerror(code))) }
    defer { unsafe freeaddrinfo(found) }
    var failure = Failure(reason: "the name has no address")
    var next = unsafe found
    while let address = unsafe next?.pointee {
      let socket = unsafe open(address, seconds)
      if socket >= 0, unsafe Glibc.connect(socket, address.ai_addr, address.ai_addrlen) == 0 {
        return socket
      }
      failure = lastFailure()
      if socket >= 0 { close(socket) }
      unsafe next = address.ai_next
    }
    throw failure
  }

  /// A socket with its limits set; negative with `errno` when there is none.
  private static func open(_ address: addrinfo, _ seconds: Int) -> Int32 {
    let kind = unsafe address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue)
    let socket = unsafe Glibc.socket(address.ai_family, kind, address.ai_protocol)
    guard socket >= 0 else { return socket }
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      _ = unsafe setsockopt(
        socket, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    return socket
  }

  private static func send(_ text: String, to socket: Int32) throws(Failure) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      // SAFETY: the slice's bytes live for the call and are as many as it is told.
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw lastFailure() }
      rest = rest.dropFirst(count)
    }
  }

  private static func receive(from socket: Int32) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 << 10)
    while bytes.count <= sizeMax {
      let count = unsafe recv(socket, &part, part.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw lastFailure() }
      if count == 0 { return bytes }
      bytes += part[..<count]
    }
    throw Failure(reason: "the answer is longer than \(sizeMax) bytes")
  }

  /// Status and body of a whole answer.
  private static func parse(_ bytes: [UInt8]) throws(Failure) -> (status: Int, body: String) {
    let end = Array("\r\n\r\n".utf8)
    let line = bytes.prefix { $0 != UInt8(ascii: "\r") }
    let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
    guard words.count >= 2, words[0].starts(with: "HTTP/1.".utf8),
      let status = Int(String(decoding: words[1], as: UTF8.self)),
      let start = bytes.indices.first(where: { bytes[$0...].starts(with: end) })
    else { throw Failure(reason: "what came back is no HTTP", isForeign: true) }
    return (status, String(decoding: bytes[(start + end.count)...], as: UTF8.self))
  }

  private static func lastFailure() -> Failure {
    errno == EAGAIN
      ? Failure(reason: "nothing came in time")
      : Failure(reason: unsafe String(cString: strerror(errno)))
  }
}
