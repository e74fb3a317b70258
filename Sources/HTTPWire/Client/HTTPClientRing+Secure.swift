// From a connection to a secure one: through the proxy if there is one, then TLS.

import Model
import Ring

extension HTTPClientRing {
  /// Agrees on TLS with the origin of a fresh connection, which is closed when that fails.
  func secure(
    _ connection: HTTPClientConnection, _ deadline: UInt64
  ) async throws(HTTPClientError) {
    let limit = reactor.now &+ options.connectTimeout.nanoseconds
    connection.deadline = min(deadline, limit)
    insertBusy(connection)
    do throws(HTTPClientError) {
      if options.proxy != nil { try await tunnel(connection) }
      try await handshake(connection)
    } catch {
      connection.close()
      throw HTTPClientError(
        error.code, error.origin, error.detail, errno: error.errno, sentNothing: true)
    }
    removeBusy(connection)
    connection.deadline = .max
  }

  private func handshake(_ connection: HTTPClientConnection) async throws(HTTPClientError) {
    let origin = connection.pool.origin
    let handle: TLSHandle
    do throws(TLSContext.Failure) {
      handle = try await tls.get(on: resolver.pool, now: reactor.now)
    } catch {
      throw HTTPClientError(.tls, origin, error.detail)
    }
    let name = options.tls.serverName ?? origin.host
    guard
      let session = TLSSession(handle, host: name, ticket: connection.pool.ticket)
    else { throw HTTPClientError(.tls, origin, "a session cannot be made for this host") }
    let result = await connection.handshake(session)
    guard result == 0 else {
      throw connection.failure(result, "agreeing on TLS", ended: .reset)
    }
    if session.isResumed { counters.resumed.add() }
  }

  /// Asks the proxy for a way through to the origin.
  private func tunnel(_ connection: HTTPClientConnection) async throws(HTTPClientError) {
    let origin = connection.pool.origin
    let name = origin.host.bracketedHost
    let text = "CONNECT \(name):\(origin.port) HTTP/1.1\r\nHost: \(name):\(origin.port)\r\n\r\n"
    let request = UnsafeMutableRawBufferPointer.allocate(
      byteCount: text.utf8.count, alignment: 16)
    defer { unsafe request.deallocate() }
    unsafe request.copyBytes(from: text.utf8)
    let sent = await unsafe connection.send(UnsafeRawBufferPointer(request))
    guard sent == 0 else { throw connection.failure(sent, "asking the proxy", ended: .reset) }
    let reply = try await receiveHead(connection)
    guard reply.status >= 200, reply.status < 300 else {
      throw HTTPClientError(.connect, origin, "the proxy answered \(reply.status)")
    }
    guard connection.input.isEmpty else {
      throw HTTPClientError(.malformed, origin, "bytes from the proxy before TLS")
    }
  }
}
