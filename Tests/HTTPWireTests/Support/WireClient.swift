// A blocking HTTP client that sends any bytes and reads responses as they are.

import Glibc
import Testing

/// A response as it came over the wire.
struct WireResponse: Equatable {
  var status: Int
  var fields: [String: String]
  var body: [UInt8]

  /// The body as text.
  var text: String { String(decoding: body, as: UTF8.self) }
}

/// What a client saw instead of a response.
enum WireFailure: Error, Equatable {
  case connect(Int32)
  /// The server closed or reset; so many bytes of an unfinished response had come.
  case ended(partial: Int)
  case malformed(String)
  /// Nothing came for 20 seconds.
  case silence
}

/// One connection to a server on loopback; every wait is bounded by 20 seconds.
struct WireClient: ~Copyable {
  let fd: Int32
  private var received: [UInt8] = []

  init(port: UInt16, host: UInt32 = 0x7F00_0001, receiveBuffer: Int32? = nil) throws {
    fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var size = receiveBuffer {
      unsafe setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, 4)
    }
    var timeout = timeval(tv_sec: 20, tv_usec: 0)
    unsafe setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var one: Int32 = 1
    unsafe setsockopt(fd, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = host.bigEndian
    let result = unsafe withUnsafeBytes(of: &address) { raw in
      guard let base = raw.baseAddress else { return Int32(-1) }
      return unsafe connect(
        fd, base.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
    }
    guard result == 0 else { throw WireFailure.connect(errno) }
  }

  deinit { close(fd) }

  /// A connection to a server that may still be starting, within 20 seconds.
  static func connected(port: UInt16) throws -> WireClient {
    let deadline = time(nil) + 120
    while true {
      do {
        return try WireClient(port: port)
      } catch {
        guard time(nil) < deadline else { throw error }
        // The server needs the CPU more than this loop does.
        poll(nil, 0, 5)
      }
    }
  }

  /// Sends `text`; false when the server no longer takes it.
  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Sends `bytes`; false when the server no longer takes them.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { raw in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: raw[offset...])
        return unsafe Glibc.send(fd, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      offset += count
    }
    return true
  }

  /// Ends the sending side.
  func endSending() { shutdown(fd, Int32(SHUT_WR)) }

  /// Makes the close at the end of this client's life a reset.
  func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// Receives once; false at the end.
  private mutating func receive() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe buffer.withUnsafeMutableBytes {
      unsafe recv(fd, $0.baseAddress, $0.count, 0)
    }
    if count < 0, errno == EINTR { return true }
    if count < 0, errno == EAGAIN { throw WireFailure.silence }
    guard count > 0 else { return false }
    received += buffer[..<count]
    return true
  }

  /// Everything until the server's end.
  mutating func rest() throws -> [UInt8] {
    while try receive() {}
    defer { received = [] }
    return received
  }

  /// Exactly `count` bytes.
  mutating func bytes(_ count: Int) throws -> [UInt8] {
    while received.count < count {
      guard try receive() else { throw WireFailure.ended(partial: received.count) }
    }
    defer { received.removeFirst(count) }
    return Array(received[..<count])
  }

  /// The next response, interim ones included; to HEAD it has no body.
  mutating func response(toHead: Bool = false) throws -> WireResponse {
    let head = try line(until: "\r\n\r\n").split(separator: "\r\n").map(String.init)
    guard let start = head.first?.split(separator: " "), start.count >= 2, start[0] == "HTTP/1.1",
      let status = Int(start[1])
    else { throw WireFailure.malformed(head.first ?? "") }
    var response = WireResponse(status: status, fields: [:], body: [])
    for field in head.dropFirst() {
      let parts = field.split(separator: ":", maxSplits: 1)
      response.fields[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
    }
    if toHead || status < 200 || status == 204 || status == 304 { return response }
    if let length = response.fields["content-length"].flatMap({ Int($0) }) {
      response.body = try bytes(length)
    } else if response.fields["transfer-encoding"] == "chunked" {
      response.body = try chunks()
    } else {
      response.body = try rest()
    }
    return response
  }

  private mutating func chunks() throws -> [UInt8] {
    var body: [UInt8] = []
    while true {
      guard let size = Int(try line(until: "\r\n"), radix: 16) else {
        throw WireFailure.malformed("chunk size")
      }
      body += try bytes(size)
      guard try line(until: "\r\n").isEmpty else { throw WireFailure.malformed("chunk end") }
      if size == 0 { return body }
    }
  }

  /// The text before `end`, which is consumed too.
  private mutating func line(until end: String) throws -> String {
    let mark = Array(end.utf8)
    while true {
      if let range = received.firstRange(of: mark) {
        defer { received.removeSubrange(..<range.upperBound) }
        return String(decoding: received[..<range.lowerBound], as: UTF8.self)
      }
      guard try receive() else { throw WireFailure.ended(partial: received.count) }
    }
  }
}
