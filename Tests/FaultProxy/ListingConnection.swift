// One connection of the listing server: a request, a page, and again.

import DaemonDriver
import Glibc

/// Serves one connection, blocking.
struct ListingConnection {
  private let socket: Int32
  private let pages: ListingPages
  private let counter: ListingOrigin.Counter

  init(_ socket: Int32, _ contents: [ListingOrigin.Content], _ counter: ListingOrigin.Counter) {
    self.socket = socket
    self.counter = counter
    pages = ListingPages(contents)
  }

  /// Serves until the peer is gone.
  func serve() {
    var input: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65536)
    while true {
      while let end = MessageHead.end(in: input) {
        guard let head = MessageHead(input[..<end]) else { return }
        input.removeFirst(end)
        guard answer(head) else { return }
      }
      let count = unsafe recv(socket, &part, part.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      input += part[..<count]
    }
  }

  private func answer(_ head: MessageHead) -> Bool {
    guard let target = ListingTarget(head) else { return false }
    counter.add()
    if !target.isBucket {
      let error = "<Error><Code>NoSuchKey</Code></Error>"
      return send(404, target.isHead ? [] : Array(error.utf8))
    }
    return send(200, pages.answer(target))
  }

  private func send(_ status: Int, _ body: [UInt8]) -> Bool {
    let head =
      "HTTP/1.1 \(status) OK\r\nContent-Type: application/xml\r\nContent-Length: \(body.count)\r\n\r\n"
    var queue = SendQueue()
    queue.add(Array(head.utf8))
    queue.add(body)
    return queue.flush(to: socket, limit: .max) == head.utf8.count + body.count
  }
}
