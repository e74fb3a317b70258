// From a request to the head of its reply.

import Glibc
import Ring

extension HTTPClientRing {
  /// Most interim heads before a reply.
  private static let interimCountMax = 16

  /// Sends `request`, again if a kept connection was dead, and receives the head of the reply.
  ///
  /// Given up when the task is cancelled.
  func exchange(
    _ request: HTTPClientRequest, deadline: UInt64
  ) async throws(HTTPClientError) -> HTTPClientResponse {
    let (reactor, abort) = (reactor, request.abort ?? HTTPClientAbort())
    let outcome: Result<HTTPClientResponse, HTTPClientError> = await withTaskCancellationHandler {
      do throws(HTTPClientError) {
        return .success(try await exchange(request, abort, deadline))
      } catch { return .failure(error) }
    } onCancel: {
      reactor.spawn { abort.abort() }
    }
    return try outcome.get()
  }

  private func exchange(
    _ request: HTTPClientRequest, _ abort: HTTPClientAbort, _ deadline: UInt64
  ) async throws(HTTPClientError) -> HTTPClientResponse {
    let isPassedOn = options.proxy != nil && !request.origin.isSecure
    guard
      let head = HTTPRequestWriter.head(
        of: request, userAgent: options.userAgent, absolute: isPassedOn)
    else {
      throw HTTPClientError(
        .stopped, request.origin, "a byte of the request's head cannot be sent",
        sentNothing: true)
    }
    var connection = try await acquire(request.origin, deadline: deadline)
    defer { abort.waits(on: nil) }
    if connection.useCount > 0 { counters.reused.add() }
    while true {
      if let refusal = givenUp(request, abort, deadline) {
        // Nothing was sent on it: it is as good as before. An unused one may go stale as a used one does.
        connection.useCount = max(1, connection.useCount)
        keep(connection)
        throw refusal
      }
      do throws(HTTPClientError) {
        return try await exchange(request, head, on: connection, abort, deadline)
      } catch {
        let isStale = connection.useCount > 1 && !connection.hasReplyBytes && error.code == .reset
        guard isStale, request.isIdempotent || error.sentNothing else {
          discard(connection)
          throw error
        }
        counters.repeated.add()
        // In the same place, so that nobody comes between; a new connection is not stale.
        connection.close()
        connection = try await open(connection.pool, deadline: deadline)
      }
    }
  }

  /// Why `request` need not be sent any more, if nobody wants it now.
  private func givenUp(
    _ request: HTTPClientRequest, _ abort: HTTPClientAbort, _ deadline: UInt64
  ) -> HTTPClientError? {
    if abort.isAborted {
      return HTTPClientError(
        .stopped, request.origin, "given up before sending", sentNothing: true)
    }
    guard reactor.now >= deadline else { return nil }
    counters.timeouts.add()
    return HTTPClientError(
      .timeout, request.origin, "the deadline passed before sending", sentNothing: true)
  }

  /// One attempt on one connection, which the caller discards when it fails.
  private func exchange(
    _ request: HTTPClientRequest, _ head: [UInt8], on connection: HTTPClientConnection,
    _ abort: HTTPClientAbort, _ deadline: UInt64
  ) async throws(HTTPClientError) -> HTTPClientResponse {
    connection.useCount += 1
    connection.deadline = deadline
    connection.hasReplyBytes = false
    insertBusy(connection)
    abort.waits(on: connection)
    let sent = await sendRequest(request, head, on: connection)
    // A server may answer and close without reading everything: its answer counts.
    guard sent == 0 || (request.hasBody && connection.expiry == nil) else {
      throw connection.failure(sent, "sending the request", ended: .reset)
    }
    let reply = try await receiveHead(connection)
    return HTTPClientResponse(
      head: reply, connection: connection, isToHead: request.method == .head,
      isWholeSent: sent == 0)
  }

  /// Sends head and body; returns 0 or -errno.
  private func sendRequest(
    _ request: HTTPClientRequest, _ head: [UInt8], on connection: HTTPClientConnection
  ) async -> Int32 {
    let body = unsafe request.bodyBytes
    // Stays put while the kernel reads it; a small body travels in the same segment.
    let joins = body.count <= 64 << 10
    let first = UnsafeMutableRawBufferPointer.allocate(
      byteCount: head.count + (joins ? body.count : 0), alignment: 16)
    defer { unsafe first.deallocate() }
    unsafe first.copyBytes(from: head)
    if joins {
      unsafe UnsafeMutableRawBufferPointer(rebasing: first[head.count...]).copyMemory(from: body)
    }
    let sent = await unsafe connection.send(UnsafeRawBufferPointer(first))
    guard sent == 0, !joins else { return sent }
    return await unsafe connection.send(body)
  }

  /// Receives heads until one that is not interim; what follows it stays in the input.
  func receiveHead(
    _ connection: HTTPClientConnection
  ) async throws(HTTPClientError) -> HTTPResponseHead {
    var parser = HTTPResponseHeadParser(limits: options.headLimits)
    var interimCount = 0
    while true {
      switch unsafe parser.parse(connection.input.unread) {
      case .complete:
        connection.input.consume(parser.head.length)
        guard parser.head.isInterim else { return parser.head }
        interimCount += 1
        // 101 answers an upgrade, which is never asked for.
        guard parser.head.status != 101, interimCount <= Self.interimCountMax else {
          throw malformed(connection, "an interim reply that was not asked for")
        }
        parser = HTTPResponseHeadParser(limits: options.headLimits)
      case .rejected(.headTooLarge):
        throw HTTPClientError(.tooLarge, connection.pool.origin, "the reply's head is too large")
      case .rejected(let rejection): throw malformed(connection, "\(rejection.message)")
      case .incomplete:
        let count = await connection.receiveInput()
        guard count > 0 else {
          throw connection.failure(count, "waiting for the reply", ended: .reset)
        }
        connection.hasReplyBytes = true
      }
    }
  }

  private func malformed(
    _ connection: HTTPClientConnection, _ detail: String
  ) -> HTTPClientError {
    HTTPClientError(.malformed, connection.pool.origin, detail)
  }
}
