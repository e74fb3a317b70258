// Counts of one ring of a server, and their sum.

/// Counts of one ring; written by its thread, read from any.
final class HTTPServerCounters: Sendable {
  let accepted = HTTPCounter()
  let closed = HTTPCounter()
  let requests = HTTPCounter()
  let responses1xx = HTTPCounter()
  let responses2xx = HTTPCounter()
  let responses3xx = HTTPCounter()
  let responses4xx = HTTPCounter()
  let responses5xx = HTTPCounter()
  let bytesIn = HTTPCounter()
  let bytesOut = HTTPCounter()
  let headsRejected = HTTPCounter()
  let headsTooLarge = HTTPCounter()
  let bodiesTooLarge = HTTPCounter()
  let connectionsRefused = HTTPCounter()
  let idleExpired = HTTPCounter()
  let headExpired = HTTPCounter()
  let bodyExpired = HTTPCounter()
  let sendExpired = HTTPCounter()
  let lingerExpired = HTTPCounter()
  let abortedByClient = HTTPCounter()
  let abortedByHandler = HTTPCounter()
  let abortedByDrain = HTTPCounter()

  /// Counts a response of `status`.
  @inline(__always)
  func countResponse(_ status: HTTPStatus) {
    switch status.code {
    case 200..<300: responses2xx.add()
    case 300..<400: responses3xx.add()
    case 400..<500: responses4xx.add()
    case 500...: responses5xx.add()
    default: responses1xx.add()
    }
  }

  /// Counts a connection that ran out of its time in `phase`.
  func countExpiry(_ phase: HTTPPhase) {
    switch phase {
    case .idle: idleExpired.add()
    case .head: headExpired.add()
    case .body: bodyExpired.add()
    case .send: sendExpired.add()
    case .linger: lingerExpired.add()
    case .handling: break
    }
  }
}

/// Counts of a server at one moment, all rings together.
package struct HTTPServerStatistics: Sendable, Hashable {
  /// Connections taken from the kernel, refused ones left out.
  package var accepted: UInt64 = 0
  /// Connections open now.
  package var active: UInt64 = 0
  /// Requests whose head was complete and valid.
  package var requests: UInt64 = 0
  /// Responses begun, by the first digit of their status: index 0 is 1xx.
  package var responses: [UInt64] = [0, 0, 0, 0, 0]
  /// Bytes of heads and bodies received.
  package var bytesIn: UInt64 = 0
  /// Bytes of heads and bodies sent.
  package var bytesOut: UInt64 = 0
  /// Heads that broke a rule, too large ones among them.
  package var headsRejected: UInt64 = 0
  /// Heads beyond the head limits: 431.
  package var headsTooLarge: UInt64 = 0
  /// Bodies beyond the body limit: 413.
  package var bodiesTooLarge: UInt64 = 0
  /// Connections beyond the connection limit: 503.
  package var connectionsRefused: UInt64 = 0
  /// Kept connections that were idle too long.
  package var idleExpired: UInt64 = 0
  /// Heads that did not end in time.
  package var headExpired: UInt64 = 0
  /// Request bodies that did not come in time.
  package var bodyExpired: UInt64 = 0
  /// Responses that the client did not take in time.
  package var sendExpired: UInt64 = 0
  /// Clients that did not notice the end of their connection in time.
  package var lingerExpired: UInt64 = 0
  /// Connections that the client dropped in the middle of a request or a response.
  package var abortedByClient: UInt64 = 0
  /// Responses that their handler aborted or left unfinished.
  package var abortedByHandler: UInt64 = 0
  /// Connections cut at the deadline of a drain.
  package var abortedByDrain: UInt64 = 0

  /// Counts of nothing.
  package init() {}

  /// Adds what `counters` hold now.
  mutating func add(_ counters: HTTPServerCounters) {
    // Closed first: a connection that closes in between is not counted below zero.
    let closed = counters.closed.current
    let opened = counters.accepted.current
    accepted += opened
    active += opened - min(closed, opened)
    requests += counters.requests.current
    responses[0] += counters.responses1xx.current
    responses[1] += counters.responses2xx.current
    responses[2] += counters.responses3xx.current
    responses[3] += counters.responses4xx.current
    responses[4] += counters.responses5xx.current
    bytesIn += counters.bytesIn.current
    bytesOut += counters.bytesOut.current
    headsRejected += counters.headsRejected.current
    headsTooLarge += counters.headsTooLarge.current
    bodiesTooLarge += counters.bodiesTooLarge.current
    connectionsRefused += counters.connectionsRefused.current
    idleExpired += counters.idleExpired.current
    headExpired += counters.headExpired.current
    bodyExpired += counters.bodyExpired.current
    sendExpired += counters.sendExpired.current
    lingerExpired += counters.lingerExpired.current
    abortedByClient += counters.abortedByClient.current
    abortedByHandler += counters.abortedByHandler.current
    abortedByDrain += counters.abortedByDrain.current
  }
}
