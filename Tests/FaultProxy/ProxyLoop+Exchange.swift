// The steps of an exchange.

import Glibc
import Synchronization

extension ProxyLoop {
  private enum Received {
    case bytes(Int)
    case nothing
    case end
  }

  /// Does what can be done for a connection without waiting.
  func pump(_ connection: ProxyConnection) {
    while step(connection) {}
  }

  /// One step; false when the connection has to wait or is over.
  private func step(_ connection: ProxyConnection) -> Bool {
    if case .closed = connection.phase { return false }
    guard flush(connection) else { return false }
    switch connection.phase {
    case .requestHead: return takeRequestHead(connection)
    case .delayed(let time):
      guard now >= time else { return false }
      forward(connection)
      return true
    case .forwarding: return forwardBody(connection)
    case .replyHead: return takeReplyHead(connection)
    case .body: return passBody(connection)
    case .stalled: return false
    case .closing(let withReset):
      guard connection.toClient.count == 0 else { return false }
      connection.end(withReset: withReset)
      return false
    case .closed: return false
    }
  }

  // MARK: Sockets

  /// Sends what waits, as far as the limits allow; false when the connection is over or its limit reached.
  private func flush(_ connection: ProxyConnection) -> Bool {
    if connection.origin >= 0, connection.toOrigin.count > 0 {
      if connection.toOrigin.flush(to: connection.origin, limit: .max) < 0 {
        connection.end(withReset: true)
        return false
      }
    }
    while connection.toClient.count > 0 {
      let time = max(connection.clientTime, settings.totalRate == nil ? 0 : linkTime)
      guard time <= now else {
        timers.add(time, connection.id)
        return false
      }
      let sent = connection.toClient.flush(to: connection.client, limit: quantum(connection))
      guard sent >= 0 else {
        connection.end(withReset: false)
        return false
      }
      guard sent > 0 else { return false }
      pace(connection, sent)
    }
    return true
  }

  /// Bytes that may go at once: what the slowest limit allows in 5 ms.
  private func quantum(_ connection: ProxyConnection) -> Int {
    if case .drip = connection.fault { return 1 }
    let rate = min(settings.connectionRate ?? .max, settings.totalRate ?? .max)
    return rate == .max ? .max : max(1, rate / 200)
  }

  private func pace(_ connection: ProxyConnection, _ sent: Int) {
    if case .drip(let pause) = connection.fault {
      connection.clientTime = now + nanoseconds(pause)
      return
    }
    if let rate = settings.connectionRate {
      connection.clientTime =
        max(connection.clientTime, now) + UInt64(sent) * 1_000_000_000 / UInt64(max(1, rate))
    }
    if let rate = settings.totalRate {
      linkTime = max(linkTime, now) + UInt64(sent) * 1_000_000_000 / UInt64(max(1, rate))
    }
  }

  private func nanoseconds(_ duration: Duration) -> UInt64 {
    UInt64(max(0, duration.components.seconds)) * 1_000_000_000
      + UInt64(max(0, duration.components.attoseconds)) / 1_000_000_000
  }

  private func receive(_ socket: Int32, _ limit: Int) -> Received {
    while true {
      let count = unsafe recv(socket, &buffer, min(limit, buffer.count), 0)
      if count > 0 { return .bytes(count) }
      if count == 0 { return .end }
      if errno == EINTR { continue }
      return errno == EAGAIN || errno == ENOTCONN ? .nothing : .end
    }
  }

  // MARK: Request

  private func takeRequestHead(_ connection: ProxyConnection) -> Bool {
    guard let end = MessageHead.end(in: connection.input) else {
      switch receive(connection.client, buffer.count) {
      case .bytes(let count):
        connection.input += buffer[..<count]
        if connection.input.count <= 1 << 20 { return true }
      case .nothing: return false
      case .end: break
      }
      connection.end(withReset: false)
      return false
    }
    guard let head = MessageHead(connection.input[..<end]) else {
      connection.end(withReset: true)
      return false
    }
    connection.input.removeFirst(end)
    begin(connection, head)
    return true
  }

  private func begin(_ connection: ProxyConnection, _ head: MessageHead) {
    let words = head.start.split(separator: " ")
    // Whoever asks after a change of the weather meets the new one, also when the turn began before it.
    let number = shared.withLock {
      settings = $0.settings
      return $0.counters.requests
    }
    let request = ProxiedRequest(
      number: number, method: words.first.map(String.init) ?? "",
      target: words.count > 1 ? String(words[1]) : "", headers: head.values)
    let fault = settings.script.decide(request)
    shared.withLock {
      $0.counters.requests += 1
      $0.counters.requestsByMethod[request.method, default: 0] += 1
      $0.counters.faults += fault.isNone ? 0 : 1
      $0.counters.inFlight += 1
      $0.counters.inFlightMax = max($0.counters.inFlightMax, $0.counters.inFlight)
      if $0.requests.count < ProxyLoop.requestsMax { $0.requests.append(request) }
      $0.waits.count(request)
    }
    connection.request = request
    connection.requestHead = head
    connection.requestBody = BodyFraming(head, isRequest: true)
    connection.fault = fault
    connection.bodyCount = 0
    connection.endsAfterReply = false
    let latency = nanoseconds(settings.latency)
    guard latency > 0 else { return forward(connection) }
    connection.phase = .delayed(until: now + latency)
    timers.add(now + latency, connection.id)
  }

  private func forward(_ connection: ProxyConnection) {
    guard var head = connection.requestHead else { return }
    switch connection.fault {
    case .resetBeforeHead:
      connection.end(withReset: true)
      return
    case .closeBeforeHead:
      connection.phase = .closing(withReset: false)
      return
    case .stall(nil):
      connection.phase = .stalled
      return
    case .garbage:
      connection.toClient.add(Array("%%%% this is not HTTP %%%%\r\n\r\n".utf8))
      connection.phase = .closing(withReset: false)
      return
    case .status(let status, let retryAfter):
      answer(connection, status, retryAfter)
      return
    case .wholeObject: head.change("range", to: nil)
    default: break
    }
    if head["expect"] != nil {
      head.change("expect", to: nil)
      connection.toClient.add(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }
    if connection.origin < 0 {
      guard let socket = Sockets.connect(originPort) else {
        connection.end(withReset: true)
        return
      }
      connection.origin = socket
      watch(socket, UInt64(connection.id) << 1 | 1)
    }
    connection.toOrigin.add(head.bytes)
    connection.phase = .forwarding
  }

  private func forwardBody(_ connection: ProxyConnection) -> Bool {
    guard connection.toOrigin.count == 0 else { return false }
    if connection.requestBody.isComplete {
      connection.phase = .replyHead
      return true
    }
    if connection.input.isEmpty {
      switch receive(connection.client, buffer.count) {
      case .bytes(let count): connection.input += buffer[..<count]
      case .nothing: return false
      case .end:
        connection.end(withReset: false)
        return false
      }
    }
    let count = connection.requestBody.take(connection.input)
    connection.toOrigin.add(connection.input[..<count])
    connection.input.removeFirst(count)
    return true
  }

  /// The proxy's own reply.
  private func answer(_ connection: ProxyConnection, _ status: Int, _ retryAfter: Int?) {
    let code =
      switch status {
      case 429: "TooManyRequests"
      case 503: "SlowDown"
      case 403: "AccessDenied"
      case 404: "NoSuchKey"
      default: "InternalError"
      }
    let isHead = connection.request?.method == "HEAD"
    let body =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>\(code)</Code>"
      + "<Message>made by a test</Message><RequestId>0</RequestId></Error>"
    // A request's body that nobody takes would be read as the next request.
    let ends = !connection.requestBody.isComplete
    let lines = [
      "HTTP/1.1 \(status) Made By A Test", "Content-Type: application/xml",
      "Content-Length: \(body.utf8.count)",
      retryAfter.map { "Retry-After: \($0)" }, ends ? "Connection: close" : nil,
    ].compactMap { $0 }
    connection.toClient.add(
      Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + (isHead ? "" : body)).utf8))
    finishExchange(connection)
    connection.phase = ends ? .closing(withReset: false) : .requestHead
  }

  // MARK: Reply

  private func takeReplyHead(_ connection: ProxyConnection) -> Bool {
    guard let end = MessageHead.end(in: connection.reply) else {
      switch receive(connection.origin, buffer.count) {
      case .bytes(let count):
        connection.reply += buffer[..<count]
        return true
      case .nothing: return false
      case .end:
        connection.end(withReset: true)
        return false
      }
    }
    guard var head = MessageHead(connection.reply[..<end]) else {
      connection.end(withReset: true)
      return false
    }
    connection.reply.removeFirst(end)
    let words = head.start.split(separator: " ")
    let status = words.count > 1 ? Int(words[1]) ?? 0 : 0
    // An interim reply is of no concern to the client, whose own expectation was met here.
    if (100..<200).contains(status) { return true }
    connection.replyBody = BodyFraming(
      head, isRequest: false,
      isEmpty: connection.request?.method == "HEAD" || status == 204 || status == 304)
    if case .untilClose = connection.replyBody { connection.endsAfterReply = true }
    if head["connection"]?.lowercased() == "close" || head.start.hasPrefix("HTTP/1.0") {
      connection.endsAfterReply = true
    }
    distort(&head, connection)
    connection.toClient.add(head.bytes)
    connection.phase = .body
    return true
  }

  private func distort(_ head: inout MessageHead, _ connection: ProxyConnection) {
    switch connection.fault {
    case .wrongLength(let difference):
      if let length = head["content-length"].flatMap({ Int($0) }) {
        head.change("content-length", to: "\(max(0, length + difference))")
      }
      connection.endsAfterReply = true
    case .wrongRange(let difference):
      guard let text = head["content-range"], text.hasPrefix("bytes ") else { break }
      let parts = text.dropFirst(6).split { $0 == "-" || $0 == "/" }
      guard parts.count == 3, let first = Int(parts[0]), let last = Int(parts[1]) else { break }
      head.change(
        "content-range", to: "bytes \(first + difference)-\(last + difference)/\(parts[2])")
    case .wrongETag: head.change("etag", to: "\"0123456789abcdef0123456789abcdef\"")
    default: break
    }
  }

  private func passBody(_ connection: ProxyConnection) -> Bool {
    if let point = connection.faultPoint, connection.bodyCount >= point, strike(connection) {
      return true
    }
    if connection.replyBody.isComplete {
      finishExchange(connection)
      if connection.endsAfterReply {
        connection.phase = .closing(withReset: false)
      } else {
        connection.phase = .requestHead
      }
      return true
    }
    let limit = (connection.faultPoint ?? .max) - connection.bodyCount
    if !connection.reply.isEmpty {
      let part = connection.reply.prefix(limit)
      let count = connection.replyBody.take(part)
      connection.toClient.add(part.prefix(count))
      connection.reply.removeFirst(count)
      connection.bodyCount += count
      return true
    }
    switch receive(connection.origin, limit) {
    case .bytes(let count):
      let taken = connection.replyBody.take(buffer[..<count])
      connection.toClient.add(buffer[..<taken])
      connection.reply += buffer[taken..<count]
      connection.bodyCount += taken
      return true
    case .nothing: return false
    case .end:
      if case .untilClose = connection.replyBody {
        finishExchange(connection)
        connection.phase = .closing(withReset: false)
        return true
      }
      connection.end(withReset: true)
      return false
    }
  }

  /// Lets the fault of this exchange happen, now that its point is reached and all before it was sent.
  private func strike(_ connection: ProxyConnection) -> Bool {
    switch connection.fault {
    case .resetAfterHead, .resetInBody: connection.phase = .closing(withReset: true)
    case .truncate: connection.phase = .closing(withReset: false)
    case .stall: connection.phase = .stalled
    case .interlude(_, let body):
      connection.fault = .none
      body()
    default: return false
    }
    return true
  }
}
