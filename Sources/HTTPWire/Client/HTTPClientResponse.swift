// A reply: its head, and its body as it is read.
//
//   read(into:)   [ what came with the head: copied ][ the rest: received straight into the caller's memory ]
//
// When the last byte of the body was read the connection is kept for the next request at once. A body that ends early is an
// error: a part is never taken for the whole. Only a body without any stated length ends with its connection.

import Glibc
import Ring

/// A reply on its connection.
///
/// Ring-confined: used on the reactor that sent the request, one call at a time but for `drop`. Ends with `finish`, or with
/// `drop`, which a reply let go without either gets.
package final class HTTPClientResponse {
  /// How the body ends.
  enum Framing {
    /// It has ended, or never was.
    case ended
    /// After so many more bytes.
    case sized(Int64)
    /// With the last chunk.
    case chunked(HTTPChunkedDecoder)
    /// With the connection.
    case untilClose
  }

  /// A chunk's data is received straight into the reader's buffer from this many missing bytes on.
  private static let directSizeMin: Int64 = 4096

  /// The status line and the header lines.
  package let head: HTTPResponseHead
  private let connection: HTTPClientConnection
  private let isReusable: Bool
  private var framing: Framing
  /// Whether the connection was given back or closed.
  private var isSettled = false
  private var isDropped = false

  init(
    head: HTTPResponseHead, connection: HTTPClientConnection, isToHead: Bool, isWholeSent: Bool
  ) {
    self.head = head
    self.connection = connection
    let isBodiless = isToHead || head.status == 204 || head.status == 304
    if isBodiless {
      framing = .ended
    } else if head.isChunked {
      framing = .chunked(HTTPChunkedDecoder())
    } else if let length = head.contentLength {
      framing = length == 0 ? .ended : .sized(length)
    } else {
      framing = .untilClose
    }
    var canBeKept = head.keepAlive && isWholeSent
    if case .untilClose = framing { canBeKept = false }
    isReusable = canBeKept
    if case .ended = framing { settle() }
  }

  deinit {
    guard !isSettled else { return }
    let connection = connection
    if connection.ring.reactor.isCurrent {
      connection.ring.discard(connection)
    } else {
      connection.ring.reactor.spawn { connection.ring.discard(connection) }
    }
  }

  /// The three digits, 200…599.
  package var status: UInt16 { head.status }

  /// The trimmed value of the first header line called `name`, in any case; nil without one.
  package func field(_ name: String) -> String? { head.field(name) }

  /// The body's length as stated; nil when it was not.
  ///
  /// Also of replies to HEAD, which have no body.
  package var contentLength: Int64? { head.contentLength }

  /// Whether the whole body was read.
  package var isEnded: Bool {
    if case .ended = framing { true } else { false }
  }

  /// When reading must be over, in the scale of `reactor.now`; that of the request until it is set.
  package var deadline: UInt64 {
    get { connection.deadline }
    set { if !isSettled { connection.deadline = newValue } }
  }

  /// Reads on in the body: fills `buffer` unless the body ends before; 0 is the end.
  ///
  /// Suspends; given up when the task is cancelled. Bytes go from the socket into `buffer`, but for those that came with
  /// the head and for small chunks.
  ///
  /// - Throws: `.truncated`, `.reset`, `.timeout`, `.malformed`, `.tls`, `.stopped`; the connection is closed and what
  ///   `buffer` holds is of no worth.
  package func read(
    into buffer: UnsafeMutableRawBufferPointer
  ) async throws(HTTPClientError) -> Int {
    // Nothing to wait for: all of it came with the head.
    if case .sized(let rest) = framing, rest <= Int64(connection.input.unreadCount) {
      return try await unsafe readOn(into: buffer)
    }
    let (reactor, abort) = (connection.ring.reactor, HTTPClientAbort())
    abort.waits(on: connection)
    let outcome: Result<Int, HTTPClientError> = await withTaskCancellationHandler {
      do throws(HTTPClientError) {
        return .success(try await unsafe readOn(into: buffer))
      } catch { return .failure(error) }
    } onCancel: {
      reactor.spawn { abort.abort() }
    }
    abort.waits(on: nil)
    return try outcome.get()
  }

  private func readOn(
    into buffer: UnsafeMutableRawBufferPointer
  ) async throws(HTTPClientError) -> Int {
    do throws(HTTPClientError) {
      guard !isDropped else { throw failure(-ECANCELED) }
      guard !isEnded, buffer.count > 0 else { return 0 }
      guard connection.ring.reactor.now < deadline else { throw expired() }
      switch framing {
      case .ended: return 0
      case .sized(let remaining): return try await unsafe readSized(buffer, remaining)
      case .chunked(var decoder):
        defer { if case .chunked = framing { framing = .chunked(decoder) } }
        return try await unsafe readChunked(buffer, &decoder)
      case .untilClose: return try await unsafe readUntilClose(buffer)
      }
    } catch {
      connection.ring.counters.failures.add()
      abandon()
      throw error
    }
  }

  /// Reads the rest of the body, of at most `max` bytes, into fresh memory.
  ///
  /// - Throws: As `read`, and `.tooLarge`.
  package func collect(max: Int) async throws(HTTPClientError) -> [UInt8] {
    var bytes: [UInt8] = []
    if case .sized(let remaining) = framing, remaining > Int64(max) { throw tooLarge() }
    let size = 64 << 10
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { unsafe buffer.deallocate() }
    while true {
      let count = try await unsafe read(into: buffer)
      if count == 0 { return bytes }
      guard bytes.count + count <= max else { throw tooLarge() }
      unsafe bytes.append(contentsOf: buffer[..<count])
    }
  }

  /// Ends the use of the reply: the connection is kept if the body was read, or what is left of it is small; else closed.
  ///
  /// Suspends while a small rest is read and dropped.
  package func finish() async {
    guard !isSettled else { return }
    var budget = connection.ring.options.drainSizeMax
    if case .sized(let remaining) = framing, remaining > budget { return drop() }
    guard isReusable, !isDropped else { return drop() }
    let size = 16 << 10
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { unsafe buffer.deallocate() }
    do throws(HTTPClientError) {
      while !isEnded, budget > 0 { budget -= Int64(try await unsafe read(into: buffer)) }
    } catch {
      // The connection is closed: that is all that a body nobody wants can cause.
      return
    }
    if !isEnded { drop() }
  }

  /// Ends the use of the reply at once and closes its connection; a read in flight ends with `.stopped`.
  package func drop() {
    guard !isSettled, !isDropped else { return }
    isDropped = true
    if connection.isWaiting { connection.expire(.dropped) } else { abandon() }
  }

  // MARK: Framings

  private func readSized(
    _ buffer: UnsafeMutableRawBufferPointer, _ remaining: Int64
  ) async throws(HTTPClientError) -> Int {
    let wanted = Int(min(remaining, Int64(buffer.count)))
    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
    var count = unsafe connection.input.take(into: target)
    if connection.input.isEmpty { connection.input.release(to: &connection.ring.blocks) }
    while count < wanted {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: target[count...])
      let received = await unsafe connection.receive(into: rest, waitAll: true)
      guard received > 0 else { throw failure(received) }
      count += Int(received)
    }
    if remaining == Int64(wanted) { end() } else { framing = .sized(remaining - Int64(wanted)) }
    return wanted
  }

  private func readChunked(
    _ buffer: UnsafeMutableRawBufferPointer, _ decoder: inout HTTPChunkedDecoder
  ) async throws(HTTPClientError) -> Int {
    var count = 0
    while count < buffer.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
      if !connection.input.isEmpty {
        switch unsafe decoder.next(connection.input.unread, dataMax: rest.count) {
        case .incomplete: unsafe connection.input.consume(connection.input.unread.count)
        case .data(let offset, let size):
          connection.input.consume(offset)
          let part = unsafe UnsafeMutableRawBufferPointer(rebasing: rest[..<size])
          count += unsafe connection.input.take(into: part)
        case .end(let consumed):
          connection.input.consume(consumed)
          end()
          return count
        case .rejected(let rejection):
          throw HTTPClientError(.malformed, connection.pool.origin, "\(rejection.message)")
        }
      } else if decoder.pendingData >= Self.directSizeMin {
        let wanted = Int(min(decoder.pendingData, Int64(rest.count)))
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: rest[..<wanted])
        let received = await unsafe connection.receive(into: part, waitAll: true)
        guard received > 0 else { throw failure(received) }
        decoder.skipData(Int(received))
        count += Int(received)
      } else {
        let received = await connection.receiveInput()
        guard received > 0 else { throw failure(received) }
      }
    }
    return count
  }

  private func readUntilClose(
    _ buffer: UnsafeMutableRawBufferPointer
  ) async throws(HTTPClientError) -> Int {
    var count = unsafe connection.input.take(into: buffer)
    while count < buffer.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
      let received = await unsafe connection.receive(into: rest, waitAll: true)
      if received == 0, connection.expiry == nil {
        end()
        return count
      }
      guard received > 0 else { throw failure(received) }
      count += Int(received)
    }
    return count
  }

  // MARK: Ends

  /// Notes that the body is complete.
  private func end() {
    framing = .ended
    settle()
  }

  /// Keeps the connection, or closes it when it cannot serve another request.
  private func settle() {
    guard !isSettled else { return }
    isSettled = true
    // Bytes behind the reply belong to no request: whoever sent them is not to be trusted with another.
    let isClean = connection.input.isEmpty && connection.tls?.hasUnread != true
    if isReusable, isClean, connection.expiry == nil, connection.tlsFailure == nil {
      connection.ring.keep(connection)
    } else {
      connection.ring.discard(connection)
    }
  }

  /// Closes the connection of a reply that was not read to its end.
  private func abandon() {
    guard !isSettled else { return }
    isSettled = true
    isDropped = true
    connection.ring.discard(connection)
  }

  private func failure(_ result: Int32) -> HTTPClientError {
    connection.failure(result, "reading the body", ended: .truncated)
  }

  private func expired() -> HTTPClientError {
    connection.ring.counters.timeouts.add()
    return HTTPClientError(
      .timeout, connection.pool.origin, "the deadline passed before reading on")
  }

  private func tooLarge() -> HTTPClientError {
    abandon()
    return HTTPClientError(.tooLarge, connection.pool.origin, "the body is larger than is taken")
  }
}
