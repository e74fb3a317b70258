// A server: one listener per ring on one address.

package import Ring

/// An HTTP/1.1 server over a set of rings.
package final class HTTPServer: Sendable {
  /// Where it listens, with the real port.
  package let address: SocketAddress
  private let rings: [HTTPRingServer]

  private init(address: SocketAddress, rings: [HTTPRingServer]) {
    self.address = address
    self.rings = rings
  }

  /// Listens on `options.address` with every one of `reactors`, and answers with `handler`.
  ///
  /// Connections spread over the rings by the kernel (SO_REUSEPORT); each stays on the ring that accepted it.
  /// - Throws: `.system` with the errno of bind or listen: EADDRINUSE also when another process shares the port.
  package static func start(
    on reactors: [Reactor], options: HTTPServerOptions, handler: any HTTPHandler
  ) async throws(RingError) -> HTTPServer {
    precondition(!reactors.isEmpty, "a server runs on a ring")
    var address = options.address
    // A Unix path cannot be shared, and binding it leaves a file.
    if reactors.count > 1, case .ip = address { try Listener.probe(address) }
    let openCount = HTTPOpenCount()
    var rings: [HTTPRingServer] = []
    for reactor in reactors {
      let listener = try Listener(
        address, reusePort: reactors.count > 1, backlog: options.backlog)
      address = listener.address
      rings.append(
        HTTPRingServer(
          reactor: reactor, handler: handler, options: options, listener: listener,
          openCount: openCount))
    }
    for ring in rings { await ring.reactor.run { ring.start() } }
    return HTTPServer(address: address, rings: rings)
  }

  /// The port; 0 for a Unix socket.
  package var port: UInt16 {
    if case .ip(_, let port) = address { port } else { 0 }
  }

  /// Counts so far, all rings together; callable from anywhere.
  package var statistics: HTTPServerStatistics {
    var sum = HTTPServerStatistics()
    for ring in rings { sum.add(ring.counters) }
    return sum
  }

  /// Stops accepting, closes idle connections, lets requests in flight end with `Connection: close`, and cuts them after `limit`.
  ///
  /// Returns the number of connections whose handler did not return even then. Once.
  @discardableResult
  package func drain(within limit: Duration) async -> Int {
    await withTaskGroup(of: Int.self) { group in
      for ring in rings {
        group.addTask { await ring.reactor.run { await ring.drain(within: limit) } }
      }
      return await group.reduce(0, +)
    }
  }
}
