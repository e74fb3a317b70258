// The life of a connection: head, handler, the rest of the body, and again.

import Glibc
import Ring

extension HTTPExchange {
  /// Serves requests until the connection ends, then closes it.
  func run() async {
    while await receiveHead() {
      await serve()
      guard await endRequest() else { break }
    }
    input.release(to: &ring.pool)
    heldHead.release(to: &ring.pool)
    releaseWriter()
    ring.remove(self)
    if isAborted { resetOnClose() }
    await ring.reactor.close(fd)
    ring.closed()
    task = nil
  }

  /// Receives and parses the next head; false when the connection ends.
  private func receiveHead() async -> Bool {
    var parser = HTTPHeadParser(limits: ring.options.headLimits)
    while true {
      if !input.isEmpty {
        switch unsafe parser.parse(input.unread) {
        case .complete:
          request = parser.head
          input.consume(request.length)
          inputHoldsHead = true
          return true
        case .rejected(let rejection):
          await reject(rejection)
          return false
        case .incomplete:
          if phase == .idle { enter(.head) }
        }
      } else {
        if ring.isDraining { return false }
        input.release(to: &ring.pool)
      }
      let received = await receiveMore()
      if received > 0 { continue }
      await endWithoutHead(errno: -received)
      return false
    }
  }

  /// Receives into the input, whose bytes are no part of a head that is in use; bytes, 0 at the end, or -errno.
  func receiveMore() async -> Int32 {
    if input.hasBlock {
      let room = unsafe input.makeRoom(from: &ring.pool)
      let count = await unsafe ring.reactor.receive(fd, into: room)
      if count > 0 {
        input.received(Int(count))
        ring.counters.bytesIn.add(Int(count))
      }
      return count
    }
    let received = await ring.reactor.receiveProvided(fd)
    if let id = received.bufferID {
      if received.result > 0 {
        unsafe input.fill(received.bytes, from: &ring.pool)
        ring.counters.bytesIn.add(Int(received.result))
      }
      ring.reactor.giveBack(id)
    }
    return received.result
  }

  /// The client went away, or its time ran out, before a head was complete.
  private func endWithoutHead(errno: Int32) async {
    if expiredPhase == .head, !input.isEmpty {
      closesAfter = true
      request = HTTPRequestHead()
      resetRequest()
      await respond(.requestTimeout, message: "the head of the request did not arrive in time")
    } else if expiredPhase == nil, !input.isEmpty || errno != 0 {
      ring.counters.abortedByClient.add()
    }
  }

  /// Answers a head that breaks a rule and says goodbye.
  private func reject(_ rejection: HTTPRejection) async {
    ring.counters.headsRejected.add()
    if rejection.status == .headerFieldsTooLarge { ring.counters.headsTooLarge.add() }
    request = HTTPRequestHead()
    resetRequest()
    closesAfter = true
    await respond(rejection.status, message: rejection.message)
    await linger()
  }

  /// Forgets the previous request's state.
  @inline(__always)
  private func resetRequest() {
    response = .none
    omitsContent = false
    bodyEnded = true
    owesContinue = false
    isAsked = false
    requestID = ring.makeRequestID()
  }

  /// Lets the handler answer the request.
  private func serve() async {
    resetRequest()
    closesAfter = !request.keepAlive
    ring.counters.requests.add()
    enter(.handling)
    if request.hasBody {
      prepareBody()
      if bodyRemaining > ring.options.bodySizeMax {
        ring.counters.bodiesTooLarge.add()
        closesAfter = true
        return await respond(.contentTooLarge, message: HTTPRejection.bodyTooLarge.message)
      }
    }
    await ring.handler.handle(self)
    switch response {
    case .ended, .failed: break
    case .none: await respond(.internalServerError, message: "the request was not answered")
    case .sized, .chunked, .untilClose: abort()
    }
  }

  /// Tidies up after a response; false when the connection ends.
  @inline(__always)
  private func endRequest() async -> Bool {
    if case .failed = response { return false }
    if !bodyEnded, !closesAfter { closesAfter = await !discardBody() }
    if heldHead.hasBlock { heldHead.release(to: &ring.pool) }
    inputHoldsHead = false
    if closesAfter {
      if !bodyEnded || !input.isEmpty { await linger() }
      return false
    }
    enter(.idle)
    return true
  }

  /// Sends our end and waits for the client's, so that a reset for unread bytes cannot overtake the response.
  private func linger() async {
    guard !hasFailed else { return }
    enter(.linger)
    guard shutdown(fd, Int32(SHUT_WR)) == 0 else { return }
    var budget = ring.options.unreadBodySizeMax
    while budget > 0, expiredPhase == nil {
      let received = await ring.reactor.receiveProvided(fd)
      if let id = received.bufferID { ring.reactor.giveBack(id) }
      guard received.result > 0 else { return }
      ring.counters.bytesIn.add(Int(received.result))
      budget -= Int64(received.result)
    }
  }

  /// Makes the coming close a reset: a response that was cut must not look complete.
  private func resetOnClose() {
    var option = Glibc.linger(l_onoff: 1, l_linger: 0)
    // A socket that refuses (a Unix one) is closed short all the same.
    _ = unsafe setsockopt(
      fd, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<Glibc.linger>.size))
  }
}
