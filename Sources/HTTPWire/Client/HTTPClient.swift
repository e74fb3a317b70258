// An HTTP/1.1 client on the rings: requests stay on the ring that makes them, connections are kept per ring and origin.
//
//   send ─▶ a kept connection, a new one, or a turn in the queue ─▶ request ─▶ head of the reply ─▶ HTTPClientResponse
//
// Goals: a body goes from the socket into the caller's memory; every wait has an end; what the server did not say is never made
// up. Non-goals: HTTP/2, cookies, redirects, content codings, upgrades.

import Ring

/// A client over a set of rings.
package final class HTTPClient: Sendable {
  /// Its settings.
  package let options: HTTPClientOptions
  /// Who finds the addresses of hosts.
  package let resolver: HostResolver
  private let tls: TLSContext
  private let rings: [HTTPClientRing]

  /// A client for `count` reactors, whose indices are 0 … `count` − 1.
  package convenience init(
    reactors count: Int, options: HTTPClientOptions, resolver: HostResolver
  ) {
    self.init(count, options, resolver, TLSContext(options.tls))
  }

  private init(
    _ count: Int, _ options: HTTPClientOptions, _ resolver: HostResolver, _ tls: TLSContext
  ) {
    precondition(count > 0, "a client runs on a ring")
    precondition(options.connectionsPerOrigin > 0, "an origin may have a connection")
    self.options = options
    self.resolver = resolver
    self.tls = tls
    rings = (0..<count).map { _ in
      HTTPClientRing(options: options, resolver: resolver, tls: tls)
    }
  }

  /// A client with other settings, and connections of its own, for the same reactors.
  package func with(_ options: HTTPClientOptions) -> HTTPClient {
    let isSameTLS = options.tls == self.options.tls
    return HTTPClient(
      rings.count, options, resolver, isSameTLS ? tls : TLSContext(options.tls))
  }

  /// Sends `request` and returns its reply once the head is complete.
  ///
  /// Called on a reactor's thread; stays there. `deadline`, in the scale of `reactor.now`, holds for the whole exchange until
  /// the reply's own `deadline` is changed. When a kept connection turns out to be dead before a byte of the reply came, an
  /// idempotent request is sent once more on a new one.
  ///
  /// - Throws: Every code of `HTTPClientError`; a reply of any status is not an error.
  package func send(
    _ request: HTTPClientRequest, deadline: UInt64 = .max
  ) async throws(HTTPClientError) -> HTTPClientResponse {
    guard let reactor = Reactor.current else {
      preconditionFailure("requests are sent on a reactor's thread")
    }
    precondition(reactor.index < rings.count, "a client knows the reactor")
    let ring = rings[reactor.index]
    ring.attach(reactor)
    ring.counters.requests.add()
    do throws(HTTPClientError) {
      let reply = try await ring.exchange(request, deadline: deadline)
      ring.counters.replies.add()
      return reply
    } catch {
      ring.counters.failures.add()
      throw error
    }
  }

  /// Counts so far, all rings together; callable from anywhere.
  package var statistics: HTTPClientStatistics {
    var sum = HTTPClientStatistics()
    for ring in rings { sum.add(ring.counters) }
    return sum
  }

  /// Closes, soon, the connections that nobody uses; callable from anywhere.
  package func closeIdle() {
    for ring in rings { ring.closeIdle() }
  }
}
