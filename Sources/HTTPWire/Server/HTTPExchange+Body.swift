// Reading the request's body.

import Glibc
import Ring

extension HTTPExchange {
  /// A chunk's data is received straight into the reader's buffer from this many missing bytes on.
  private static let directSizeMin: Int64 = 4096

  /// Reads the next bytes of the body into `target`, which is not empty; 0 is the end.
  ///
  /// Suspends until bytes came; may fill less than `target`. The first call lets a client go on that waits for a 100.
  /// - Throws: `.disconnected`, `.expired`, and `.rejected` for malformed chunks and bodies beyond the limit.
  package func readBody(
    into target: UnsafeMutableRawBufferPointer
  ) async throws(HTTPError) -> Int {
    precondition(target.count > 0, "a body is read into a buffer")
    if bodyEnded { return 0 }
    if owesContinue { try await sendContinue() }
    let count =
      unsafe request.isChunked ? try await readChunked(target) : try await readSized(target)
    if phase == .body { enter(.handling) }
    return count
  }

  /// Sets up the reading of a body that the head announces.
  func prepareBody() {
    bodyEnded = false
    if request.isChunked {
      decoder = HTTPChunkedDecoder()
      bodyRemaining = ring.options.bodySizeMax
    } else {
      bodyRemaining = request.contentLength ?? 0
    }
    owesContinue = request.expectsContinue
  }

  /// Reads on in a body of known length.
  private func readSized(
    _ target: UnsafeMutableRawBufferPointer
  ) async throws(HTTPError) -> Int {
    let wanted = Int(min(bodyRemaining, Int64(target.count)))
    var count = min(wanted, unsafe input.unread.count)
    if count > 0 {
      unsafe copyInput(0, count, to: target)
      input.consume(count)
    } else {
      count = unsafe try await receiveDirectly(target, wanted)
    }
    bodyRemaining -= Int64(count)
    if bodyRemaining == 0 { bodyEnded = true }
    return count
  }

  /// Reads on in a chunked body.
  private func readChunked(
    _ target: UnsafeMutableRawBufferPointer
  ) async throws(HTTPError) -> Int {
    while true {
      if !input.isEmpty {
        switch unsafe decoder.next(input.unread, dataMax: target.count) {
        case .incomplete: unsafe input.consume(input.unread.count)
        case .data(let offset, let count):
          unsafe copyInput(offset, count, to: target)
          input.consume(offset + count)
          return try takeChunked(count)
        case .end(let consumed):
          input.consume(consumed)
          bodyEnded = true
          return 0
        case .rejected(let rejection): throw rejectBody(rejection)
        }
      } else if decoder.pendingData >= Self.directSizeMin {
        let wanted = Int(min(decoder.pendingData, Int64(target.count)))
        let count = unsafe try await receiveDirectly(target, wanted)
        decoder.skipData(count)
        return try takeChunked(count)
      } else {
        try await receiveFraming()
      }
    }
  }

  /// Counts `count` bytes of a chunked body against the limit.
  private func takeChunked(_ count: Int) throws(HTTPError) -> Int {
    guard Int64(count) <= bodyRemaining else {
      ring.counters.bodiesTooLarge.add()
      throw rejectBody(.bodyTooLarge)
    }
    bodyRemaining -= Int64(count)
    return count
  }

  /// Notes that the body cannot be read to its end.
  private func rejectBody(_ rejection: HTTPRejection) -> HTTPError {
    closesAfter = true
    return HTTPError(.rejected, "read", rejection: rejection)
  }

  /// Copies `count` unread bytes at `offset` to the start of `target`.
  @inline(__always)
  private func copyInput(_ offset: Int, _ count: Int, to target: UnsafeMutableRawBufferPointer) {
    unsafe target.copyMemory(from: input.unread.slice(offset, count))
  }

  /// Receives `wanted` bytes straight into `target`; fewer only at the end of the stream.
  private func receiveDirectly(
    _ target: UnsafeMutableRawBufferPointer, _ wanted: Int
  ) async throws(HTTPError) -> Int {
    enter(.body)
    let room = unsafe UnsafeMutableRawBufferPointer(rebasing: target[0..<wanted])
    let count = await unsafe ring.reactor.receive(fd, into: room, waitAll: true)
    guard count > 0 else { throw bodyLost(errno: -count) }
    ring.counters.bytesIn.add(Int(count))
    return Int(count)
  }

  /// Receives more of a chunked body into the input; the head's block is put aside first.
  private func receiveFraming() async throws(HTTPError) {
    if inputHoldsHead {
      swap(&input, &heldHead)
      inputHoldsHead = false
    }
    enter(.body)
    let count = await receiveMore()
    guard count > 0 else { throw bodyLost(errno: -count) }
  }

  /// The client went away, or its time ran out, before the body ended.
  private func bodyLost(errno: Int32) -> HTTPError {
    closesAfter = true
    enter(.handling)
    if expiredPhase != nil { return HTTPError(.expired, "read", errno: errno) }
    return fail("read", errno: errno)
  }

  /// Tells the client to send its body, unless its first bytes are here already or it was answered.
  private func sendContinue() async throws(HTTPError) {
    owesContinue = false
    guard input.isEmpty, !hasBegun else { return }
    enter(.send)
    let text: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"
    let bytes = unsafe UnsafeRawBufferPointer(
      start: text.utf8Start, count: text.utf8CodeUnitCount)
    let sent = await unsafe ring.reactor.send(fd, bytes)
    enter(.handling)
    guard sent == bytes.count else { throw fail("continue", errno: sent < 0 ? -sent : EPIPE) }
    ring.counters.responses1xx.add()
    ring.counters.bytesOut.add(bytes.count)
  }

  /// Whether what is left of the body is worth reading to keep the connection.
  var canDiscardBody: Bool {
    if bodyEnded { return true }
    if owesContinue { return false }
    return request.isChunked || bodyRemaining <= ring.options.unreadBodySizeMax
  }

  /// Reads and drops the rest of the body; false when it does not end within the bound.
  func discardBody() async -> Bool {
    guard canDiscardBody, expiredPhase == nil else { return false }
    let block = unsafe ring.pool.take()
    defer { unsafe ring.pool.put(block) }
    let target = unsafe UnsafeMutableRawBufferPointer(
      start: block, count: HTTPHeadWriter.blockSize)
    var budget = ring.options.unreadBodySizeMax
    do throws(HTTPError) {
      while !bodyEnded, budget > 0 {
        budget -= Int64(unsafe try await readBody(into: target))
      }
      return bodyEnded
    } catch {
      // The connection ends: that is all a body nobody wanted can cause.
      return false
    }
  }
}
