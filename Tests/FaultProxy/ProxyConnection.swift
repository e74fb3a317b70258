// One client's connection, and the one to the origin that serves it.
//
//   head ──script──▶ delayed ──▶ forwarding ──▶ reply's head ──▶ body ──▶ head …
//     └─▶ answered by the proxy · stalled · closing after what waits is sent
//
// `pump` does whatever can be done without waiting; the loop calls it after each event and each moment it asked for.

import Glibc

/// The state of one client's connection; used on the proxy's thread only.
final class ProxyConnection {
  /// Where the exchange is.
  enum Phase {
    /// A request's head is awaited.
    case requestHead
    /// The request waits for its time.
    case delayed(until: UInt64)
    /// The request is on its way, and its body.
    case forwarding
    /// The reply's head is awaited.
    case replyHead
    /// The reply's body passes.
    case body
    /// Nothing happens any more until the client leaves.
    case stalled
    /// What waits is sent, then the connection ends.
    case closing(withReset: Bool)
    /// It is over.
    case closed
  }

  let id: Int
  let client: Int32
  var origin: Int32 = -1
  var phase = Phase.requestHead

  /// Bytes from the client, and from the origin, that have no place yet.
  var input: [UInt8] = []
  var reply: [UInt8] = []
  var toClient = SendQueue()
  var toOrigin = SendQueue()

  /// The exchange under way.
  var request: ProxiedRequest?
  var requestHead: MessageHead?
  var requestBody = BodyFraming.length(0)
  var replyBody = BodyFraming.length(0)
  var fault = Fault.none
  /// Bytes of the reply's body that have passed.
  var bodyCount = 0
  /// Whether the connection ends with this exchange.
  var endsAfterReply = false

  /// When the next bytes may go to the client.
  var clientTime: UInt64 = 0

  init(id: Int, client: Int32) {
    self.id = id
    self.client = client
  }

  deinit {
    // Ended in order or by a reset before; what is left belongs to a proxy that stops.
    if case .closed = phase { return }
    close(client)
    if origin >= 0 { close(origin) }
  }

  /// Whether a request is without its whole reply.
  var isInExchange: Bool { request != nil }

  /// Closes both sockets.
  func end(withReset: Bool) {
    if case .closed = phase { return }
    phase = .closed
    if withReset { Sockets.reset(client) } else { close(client) }
    closeOrigin()
  }

  /// Closes the connection to the origin.
  func closeOrigin() {
    if origin >= 0 { close(origin) }
    origin = -1
    reply = []
    toOrigin.clear()
  }

  /// The number of body bytes after which the fault strikes; nil when it does not wait for any.
  var faultPoint: Int? {
    switch fault {
    case .resetInBody(let count), .truncate(let count), .interlude(let count, _): count
    case .stall(let count): count
    case .resetAfterHead: 0
    default: nil
    }
  }
}
