// A store that answers exactly what a test tells it.

import Glibc
import Ring
import Synchronization

/// A server on loopback, on a ring of its own, whose replies are made by a closure.
final class ScriptedStore: Sendable {
  /// A request's head.
  struct Request: Sendable {
    /// How many came before it.
    let number: Int
    /// The method and the target.
    let line: String
    /// Header values by lower-case name.
    let fields: [String: String]
  }

  /// The TCP port.
  let port: Int
  private let group: ReactorGroup
  private let door: Door
  private let seen = Seen()

  /// Starts a server; `answer` gives whole replies, head and body.
  init(_ answer: @escaping @Sendable (Request) -> String) async throws {
    group = try ReactorGroup(count: 1, pinned: false)
    let door = try Door()
    self.door = door
    guard case .ip(_, let number) = door.listener.address else { throw TestFailure(errno: EINVAL) }
    port = Int(number)
    let reactor = group.reactors[0]
    let seen = seen
    await reactor.run {
      _ = reactor.accept(door.listener) { fd in
        reactor.spawn {
          await Self.serve(fd, reactor, seen, answer)
          close(fd)
        }
      }
    }
  }

  deinit { group.stop() }

  /// The requests so far.
  var requests: [Request] { seen.requests.withLock { $0 } }

  private static func serve(
    _ fd: Int32, _ reactor: Reactor, _ seen: Seen, _ answer: @Sendable (Request) -> String
  ) async {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { buffer.deallocate() }
    var input: [UInt8] = []
    while true {
      let text = String(decoding: input, as: UTF8.self)
      if let end = text.range(of: "\r\n\r\n") {
        let lines = text[..<end].split(separator: "\r\n").map(String.init)
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
          let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
          fields[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].dropFirst()) : ""
        }
        let head = text[..<end].utf8.count + 4
        let body = Int(fields["content-length"] ?? "0") ?? 0
        if input.count >= head + body {
          input.removeFirst(head + body)
          let reply = Array(answer(seen.note(lines[0], fields)).utf8)
          buffer.copyBytes(from: reply)
          let sent = await reactor.send(
            fd, UnsafeRawBufferPointer(rebasing: buffer[..<reply.count]))
          if sent < 0 { return }
          continue
        }
      }
      let count = await reactor.receive(fd, into: buffer)
      guard count > 0 else { return }
      input.append(contentsOf: buffer[..<Int(count)])
    }
  }

  /// A listener that lives as long as somebody holds it.
  private final class Door: Sendable {
    let listener: Listener

    init() throws(RingError) {
      listener = try Listener(.ip("127.0.0.1", port: 0), reusePort: false)
    }
  }

  /// What came so far.
  private final class Seen: Sendable {
    let requests = Mutex<[Request]>([])

    func note(_ line: String, _ fields: [String: String]) -> Request {
      requests.withLock { requests in
        let request = Request(number: requests.count, line: line, fields: fields)
        requests.append(request)
        return request
      }
    }
  }

  /// A reply with a length.
  static func reply(_ status: String, _ fields: [String] = [], body: String = "") -> String {
    let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + fields
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
  }

  /// An error as S3 tells it.
  static func error(
    _ status: String, _ code: String, _ fields: [String] = [], extra: String = ""
  ) -> String {
    reply(status, fields, body: "<Error><Code>\(code)</Code>\(extra)</Error>")
  }

  /// The head of a file of three bytes.
  static let head =
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nETag: \"e\"\r\nLast-Modified: Fri, 24 May 2013 00:00:00 GMT\r\n\r\n"
}

extension String {
  /// Where `text` first is, as indices of this string.
  fileprivate func range(of text: String) -> String.Index? {
    var start = utf8.startIndex
    while start < utf8.endIndex {
      if utf8[start...].starts(with: text.utf8) { return start }
      start = utf8.index(after: start)
    }
    return nil
  }
}
