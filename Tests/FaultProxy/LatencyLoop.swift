// The thread of a distant store: epoll, and one line of answers, as all wait equally long.
//
//   request ──▶ [due 200 ms later] … [due now] ──▶ answer on its connection

import CEpoll
import DaemonDriver
import Glibc
import Synchronization

/// All connections of one distant store.
// SAFETY: everything but `shared` is used on the store's thread alone; it is started after the initialiser.
@safe final class LatencyLoop: @unchecked Sendable {
  private struct Shared {
    var counters = LatencyOrigin.Counters()
    var arrivals: [LatencyOrigin.Arrival] = []
    var isStopping = false
  }

  private struct Connection {
    let socket: Int32
    var input: [UInt8] = []
    var output = SendQueue()
  }

  private struct Answer {
    let due: UInt64
    let connection: UInt64
    let read: LatencyRead
  }

  let port: UInt16
  private let content: ListingOrigin.Content
  private let pages: ListingPages
  private let latency: UInt64
  private let logsArrivals: Bool
  private let pattern: [UInt8]
  private let shared = Mutex(Shared())
  private let listener: Int32
  private let poller: Int32
  private let wake: Int32
  private var connections: [UInt64: Connection] = [:]
  private var nextID: UInt64 = 2
  private var answers: [Answer] = []
  private var first = 0
  private var lastHead: (range: Range<Int>?, bytes: [UInt8]) = (nil, [])
  private var buffer = [UInt8](repeating: 0, count: 64 << 10)

  init(
    _ content: ListingOrigin.Content, latency: Duration, logsArrivals: Bool
  ) throws(DriverError) {
    self.content = content
    self.logsArrivals = logsArrivals
    pages = ListingPages([content])
    let parts = latency.components
    self.latency = UInt64(parts.seconds) * 1_000_000_000 + UInt64(parts.attoseconds / 1_000_000_000)
    pattern = LatencyOrigin.bytes(0, of: content)
    Sockets.raiseDescriptorLimit()
    (listener, port) = try Sockets.listener()
    poller = cepoll_create()
    wake = cepoll_event()
    guard poller >= 0, wake >= 0 else { throw DriverError.program("epoll: errno \(errno)") }
    _ = cepoll_watch(poller, listener, 0, 0)
    _ = cepoll_watch(poller, wake, 1, 0)
  }

  deinit {
    for descriptor in [listener, poller, wake] { close(descriptor) }
  }

  /// Ends the thread; called from another.
  func stop() {
    shared.withLock { $0.isStopping = true }
    var one: UInt64 = 1
    _ = unsafe write(wake, &one, 8)
  }

  /// What was counted since the last time.
  func takeCounters() -> LatencyOrigin.Counters {
    shared.withLock { shared in
      defer { shared.counters = LatencyOrigin.Counters() }
      return shared.counters
    }
  }

  /// The requests since the last time.
  func takeArrivals() -> [LatencyOrigin.Arrival] {
    shared.withLock { shared in
      defer { shared.arrivals = [] }
      return shared.arrivals
    }
  }

  /// Writes down a request, if that is asked for.
  private func note(isRead: Bool) {
    guard logsArrivals else { return }
    let arrival = LatencyOrigin.Arrival(time: Self.clock(), isRead: isRead)
    shared.withLock { $0.arrivals.append(arrival) }
  }

  /// Works until it is stopped.
  func run() {
    var tags = [UInt64](repeating: 0, count: 512)
    var gone = [UInt8](repeating: 0, count: 512)
    while !shared.withLock({ $0.isStopping }) {
      let count = unsafe cepoll_wait(poller, &tags, &gone, waitTime())
      for index in 0..<max(0, Int(count)) where tags[index] != 1 { handle(tags[index]) }
      sendDue()
    }
    for connection in connections.values { close(connection.socket) }
  }

  private func waitTime() -> Int32 {
    guard first < answers.count else { return -1 }
    let now = Self.clock()
    let due = answers[first].due
    return due > now ? Int32(clamping: (due - now + 999_999) / 1_000_000) : 0
  }

  private func handle(_ tag: UInt64) {
    guard tag != 0 else {
      while let socket = Sockets.accept(listener) {
        connections[nextID] = Connection(socket: socket)
        _ = cepoll_watch(poller, socket, nextID, 1)
        nextID += 1
      }
      return
    }
    // A connection leaves the table while it is worked on: its buffers are not copied.
    guard var connection = connections.removeValue(forKey: tag) else { return }
    if serve(&connection, tag) {
      connections[tag] = connection
    } else {
      close(connection.socket)
    }
  }

  /// Does what can be done on a connection; false when it is over.
  private func serve(_ connection: inout Connection, _ tag: UInt64) -> Bool {
    guard connection.output.flush(to: connection.socket, limit: .max) >= 0 else { return false }
    while true {
      let count = unsafe recv(connection.socket, &buffer, buffer.count, 0)
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN { break }
      guard count > 0 else { return false }
      connection.input += buffer[..<count]
    }
    while let end = MessageHead.end(in: connection.input) {
      let isTaken: Bool
      if let read = LatencyRead(connection.input[..<end], of: content) {
        note(isRead: true)
        take(read, tag)
        isTaken = true
      } else if let head = MessageHead(connection.input[..<end]) {
        note(isRead: false)
        isTaken = answer(head, &connection)
      } else {
        isTaken = false
      }
      guard isTaken else { return false }
      connection.input.removeFirst(end)
    }
    return true
  }

  /// Answers what is no read of an object: at once.
  private func answer(_ head: MessageHead, _ connection: inout Connection) -> Bool {
    guard let target = ListingTarget(head) else { return false }
    let body: [UInt8]
    let start: String
    if target.isBucket {
      body = pages.answer(target)
      start = "HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n"
    } else if target.isHead, LatencyRead.index(Array(target.path.utf8)[...], of: content) != nil {
      body = []
      start = self.head(0..<content.size, isPart: false)
    } else {
      body = []
      start = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    }
    connection.output.add(Array(start.utf8) + body)
    return connection.output.flush(to: connection.socket, limit: .max) >= 0
  }

  /// Puts a read in the line.
  private func take(_ read: LatencyRead, _ tag: UInt64) {
    answers.append(Answer(due: Self.clock() + latency, connection: tag, read: read))
    let waiting = answers.count - first
    shared.withLock { $0.counters.inFlightMax = max($0.counters.inFlightMax, waiting) }
  }

  private func sendDue() {
    let now = Self.clock()
    var count = 0
    while first < answers.count, answers[first].due <= now {
      let answer = answers[first]
      first += 1
      count += 1
      guard var connection = connections.removeValue(forKey: answer.connection) else { continue }
      connection.output.add(reply(answer.read))
      if connection.output.flush(to: connection.socket, limit: .max) >= 0 {
        connections[answer.connection] = connection
      } else {
        close(connection.socket)
      }
    }
    if first > 4096, first * 2 > answers.count {
      answers.removeFirst(first)
      first = 0
    }
    if count > 0 { shared.withLock { $0.counters.reads += count } }
  }

  private func reply(_ read: LatencyRead) -> [UInt8] {
    let range = read.range ?? 0..<content.size
    // Nearly all reads are of the same range: their head is made once.
    if lastHead.range != read.range || lastHead.bytes.isEmpty {
      lastHead = (read.range, Array(head(range, isPart: read.range != nil).utf8))
    }
    var bytes = lastHead.bytes
    let start = bytes.count
    bytes.append(contentsOf: pattern[range])
    for place in range.clamped(to: 0..<8) {
      bytes[start + place - range.lowerBound] = UInt8(
        truncatingIfNeeded: read.index >> (8 * place))
    }
    return bytes
  }

  private func head(_ range: Range<Int>, isPart: Bool) -> String {
    let part =
      isPart
      ? "206 Partial Content\r\nContent-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(content.size)"
      : "200 OK"
    return "HTTP/1.1 \(part)\r\nETag: \"\(content.tag)\"\r\n"
      + "Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\nContent-Length: \(range.count)\r\n\r\n"
  }

  private static func clock() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
