// A blocking HTTP/1.1 client over one plain socket, made for looking closely: what leaves is what the
// caller wrote, and what came is there to be compared.

import Glibc

/// One response.
package struct HTTPResponse {
  /// The status code.
  package let status: Int
  /// Header values by lower-case name; repeated ones are joined with commas.
  package let headers: [String: String]
  /// The body, chunks joined.
  package var body: [UInt8] = []

  /// The body as text.
  package var text: String { String(decoding: body, as: UTF8.self) }
}

/// A connection to one server.
package final class HTTPConnection {
  private let socket: Int32
  private var buffer: [UInt8]
  private var start = 0
  private var end = 0
  private var total = 0

  /// Connects to a port of loopback; reads and writes that take longer than `seconds` fail.
  ///
  /// `source` is the local address to come from.
  package init(
    port: UInt16, seconds: Int = 20, source: UInt32? = nil, bufferSize: Int = 1 << 20
  ) throws(DriverError) {
    buffer = [UInt8](repeating: 0, count: bufferSize)
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    socket = Glibc.socket(AF_INET, kind, 0)
    guard socket >= 0 else { throw DriverError.last("socket") }
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    // A failure closes the socket in the deinitialiser, which runs since everything is set.
    if let source { try HTTPConnection.bind(socket, to: source) }
    try HTTPConnection.connect(socket, to: port)
  }

  deinit { if socket >= 0 { close(socket) } }

  /// Sends bytes as they are.
  package func send(_ bytes: [UInt8]) throws(DriverError) {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes[sent...].withUnsafeBytes { part in
        unsafe Glibc.send(socket, part.baseAddress, part.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw DriverError.last("send") }
      sent += count
    }
  }

  /// Sends text as it is.
  package func send(_ text: String) throws(DriverError) { try send(Array(text.utf8)) }

  /// Says that nothing more will be sent.
  package func finishSending() { shutdown(socket, Int32(SHUT_WR)) }

  /// Sends a request and returns its response, whole.
  package func request(
    _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8]? = nil
  ) throws(DriverError) -> HTTPResponse {
    try sendRequest(method, target, headers: headers, body: body)
    return try receive(isHead: method == "HEAD")
  }

  /// Sends a request and leaves its response to be received.
  package func sendRequest(
    _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8]? = nil
  ) throws(DriverError) {
    var head = "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n"
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    if let body { head += "Content-Length: \(body.count)\r\n" }
    try send(Array((head + "\r\n").utf8) + (body ?? []))
  }

  /// Receives one response, its body in memory.
  package func receive(isHead: Bool = false) throws(DriverError) -> HTTPResponse {
    var body: [UInt8] = []
    var response = try receiveHead()
    unsafe try receiveBody(of: response, isHead: isHead) { unsafe body.append(contentsOf: $0) }
    response.body = body
    return response
  }

  /// Receives a response's head; interim (1xx) responses are passed over.
  package func receiveHead() throws(DriverError) -> HTTPResponse {
    while true {
      let line = try receiveLine()
      let words = line.split(separator: " ", maxSplits: 2)
      guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
        throw .malformed(line)
      }
      var headers: [String: String] = [:]
      while case let field = try receiveLine(), !field.isEmpty {
        guard let colon = field.firstIndex(of: ":") else { throw .malformed(field) }
        let name = field[..<colon].lowercased()
        let value = String(field[field.index(after: colon)...].drop { $0 == " " })
        headers[name] = headers[name].map { "\($0), \(value)" } ?? value
      }
      if status >= 200 || status == 101 { return HTTPResponse(status: status, headers: headers) }
    }
  }

  /// Receives the body that follows `response` and hands it on piece by piece.
  package func receiveBody(
    of response: HTTPResponse, isHead: Bool = false, to sink: (UnsafeRawBufferPointer) -> Void
  ) throws(DriverError) {
    if isHead || response.status == 204 || response.status == 304 { return }
    if response.headers["transfer-encoding"]?.lowercased() == "chunked" {
      while true {
        let line = try receiveLine()
        guard let size = Int(line.prefix { $0 != ";" }, radix: 16), size >= 0 else {
          throw .malformed("chunk size '\(line)'")
        }
        unsafe try receiveExactly(size, to: sink)
        _ = try receiveLine()
        if size == 0 { return }
      }
    } else if let text = response.headers["content-length"] {
      guard let length = Int(text), length >= 0 else { throw .malformed("length '\(text)'") }
      unsafe try receiveExactly(length, to: sink)
    } else {
      while try fill() { unsafe take(end - start, to: sink) }
    }
  }

  /// Receives bytes until the peer closes.
  package func receiveToEnd() throws(DriverError) -> [UInt8] {
    var all: [UInt8] = []
    repeat { unsafe take(end - start) { unsafe all.append(contentsOf: $0) } } while try fill()
    return all
  }

  private func receiveExactly(
    _ count: Int, to sink: (UnsafeRawBufferPointer) -> Void
  ) throws(DriverError) {
    var rest = count
    while rest > 0 {
      if start == end, try !fill() { throw .closed(received: total) }
      let part = min(rest, end - start)
      unsafe take(part, to: sink)
      rest -= part
    }
  }

  private func take(_ count: Int, to sink: (UnsafeRawBufferPointer) -> Void) {
    unsafe buffer[start..<(start + count)].withUnsafeBytes { unsafe sink($0) }
    start += count
  }

  private func receiveLine() throws(DriverError) -> String {
    var line: [UInt8] = []
    while true {
      if start == end, try !fill() { throw .closed(received: total) }
      let byte = buffer[start]
      start += 1
      if byte == UInt8(ascii: "\n") {
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return String(decoding: line, as: UTF8.self)
      }
      guard line.count < 1 << 16 else { throw .malformed("a line without end") }
      line.append(byte)
    }
  }

  /// Receives more into the empty buffer; false at the end of the stream.
  private func fill() throws(DriverError) -> Bool {
    var count = 0
    // A socket with a time limit is interrupted by signals whatever their flags (signal(7)).
    repeat {
      count = unsafe recv(socket, &buffer, buffer.count, 0)
    } while count < 0 && errno == EINTR
    guard count >= 0 else { throw DriverError.last("recv") }
    start = 0
    end = count
    total += count
    return count > 0
  }

  private static func address(_ host: UInt32, _ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = host.bigEndian
    return address
  }

  private static func connect(_ socket: Int32, to port: UInt16) throws(DriverError) {
    let code = unsafe withSocketAddress(address(0x7f00_0001, port)) {
      unsafe Glibc.connect(socket, $0, $1)
    }
    if code == 0 { return }
    guard errno == EINTR else { throw DriverError.last("connect") }
    // An interrupted connect goes on by itself: wait for its end and ask how it went.
    var waiting = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
    while unsafe poll(&waiting, 1, -1) < 0, errno == EINTR {}
    var failure: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    unsafe getsockopt(socket, SOL_SOCKET, SO_ERROR, &failure, &size)
    guard failure == 0 else {
      errno = failure
      throw DriverError.last("connect")
    }
  }

  private static func bind(_ socket: Int32, to host: UInt32) throws(DriverError) {
    var late: Int32 = 1
    unsafe setsockopt(
      socket, Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, &late, socklen_t(MemoryLayout<Int32>.size)
    )
    let code = unsafe withSocketAddress(address(host, 0)) { unsafe Glibc.bind(socket, $0, $1) }
    guard code == 0 else { throw DriverError.last("bind") }
  }
}

/// Calls `body` with a generic view of an Internet address.
func withSocketAddress<T>(
  _ address: sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> T
) -> T {
  var copy = address
  return unsafe withUnsafePointer(to: &copy) { pointer in
    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
}
