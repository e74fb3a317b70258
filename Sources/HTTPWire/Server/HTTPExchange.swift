// One connection and the exchange that is going on over it: what a handler sees.
//
//   accept ─▶ idle ─▶ head ─▶ handling ⇄ body / send ─▶ idle …            phases, each with a timeout
//                      │                        │
//                      ▼ rejected               ▼ close, error, drain
//                    response ─▶ linger ─▶ close
//
// The object lives as long as its connection and is reused for each request. It is confined to the ring that accepted it.
// `HTTPExchange+Loop` receives heads and ends requests, `+Body` reads bodies, `+Response` sends.

import Glibc
package import Ring

/// The request being answered on one connection, and its response.
// SAFETY: raw memory is reached through HTTPInput and HTTPHeadWriter, which own it.
@safe package final class HTTPExchange {
  /// How far the response is.
  enum Response {
    /// Nothing was begun.
    case none
    /// A head was begun that promised a length; so many bytes are still owed.
    case sized(remaining: Int64)
    /// A head was begun whose content comes in chunks.
    case chunked
    /// A head was begun whose content ends with the connection (HTTP/1.0).
    case untilClose
    /// Everything was sent.
    case ended
    /// The connection cannot go on.
    case failed
  }

  /// The parsed head; its views are valid until the response ends.
  package internal(set) var request = HTTPRequestHead()
  /// Number of this request, unique in the process: the ring's index above 48 bits of count.
  package internal(set) var requestID: UInt64 = 0

  let ring: HTTPRingServer
  let fd: Int32

  // Input.
  var input = HTTPInput()
  /// The block of a head whose body needs further blocks.
  var heldHead = HTTPInput()
  /// Whether the head's bytes lie in `input`'s block, which then must not change.
  var inputHoldsHead = false
  var decoder = HTTPChunkedDecoder()
  /// Bytes of a sized body that were not read; for a chunked one, bytes that may still come.
  var bodyRemaining: Int64 = 0
  var bodyEnded = true
  /// Whether the client waits for a 100 before it sends its body.
  var owesContinue = false

  // Output.
  var writer = HTTPHeadWriter()
  var response = Response.none
  /// Whether the response's content is left out: HEAD, 204, 304.
  var omitsContent = false
  /// Whether the connection ends after this response.
  var closesAfter = false
  /// Whether the handler dropped the connection.
  var isAborted = false

  // Departures; see HTTPRingServer+Departures.
  /// The task that serves the connection.
  var task: Task<Void, Never>?
  /// Whether a client that sends no more was asked if it still listens.
  var isAsked = false
  /// Whether the client went away while the handler was at work; its task is cancelled then.
  package internal(set) var hasLeft = false

  // Timeouts; see HTTPRingServer.sweep.
  var phase = HTTPPhase.head
  var phaseStart: UInt64
  var markStart: UInt64 = 0
  var mark: UInt64 = 0
  /// The phase whose time ran out, if any did.
  var expiredPhase: HTTPPhase?

  // The ring's list, which holds its connections; taking one off breaks the cycle.
  var previous: HTTPExchange?
  var next: HTTPExchange?

  init(fd: Int32, ring: HTTPRingServer) {
    self.fd = fd
    self.ring = ring
    phaseStart = ring.reactor.now
  }

  /// The ring this connection lives on.
  package var reactor: Reactor { ring.reactor }

  /// The address that the client connected to; nil when the connection is gone.
  package var localAddress: SocketAddress? { SocketAddress.local(of: fd) }

  /// The client's numeric address, asked of the kernel at each call; `unix` for a local socket.
  package var peerAddress: String {
    switch SocketAddress.peer(of: fd) {
    case .ip(let host, _): host
    case .unix: "unix"
    case nil: "unknown"
    }
  }

  /// Whether a response was begun.
  package var hasBegun: Bool {
    if case .none = response { false } else { true }
  }

  /// Whether the connection failed or was aborted: nothing more can be sent.
  package var hasFailed: Bool {
    if case .failed = response { true } else { false }
  }

  /// Enters `phase` now.
  @inline(__always)
  func enter(_ phase: HTTPPhase) {
    self.phase = phase
    phaseStart = ring.reactor.now
  }

  /// Ends the response as failed, and says why.
  func fail(_ operation: StaticString, errno: Int32) -> HTTPError {
    if case .failed = response {
    } else if expiredPhase == nil {
      ring.counters.abortedByClient.add()
    }
    response = .failed
    return HTTPError(expiredPhase == nil ? .disconnected : .expired, operation, errno: errno)
  }
}

extension HTTPExchange {
  /// Whether nothing of a request has arrived, so that nobody misses the connection.
  var isQuiet: Bool { (phase == .idle || phase == .head) && input.isEmpty }
}
