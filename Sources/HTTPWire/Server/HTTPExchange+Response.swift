// Sending the response: the head leaves with the first content in one sendmsg.
//
//   control part of the writer's block:   0 … 55 msghdr   64 … 127 four iovecs
//   iovecs:   [ head and, for chunks, the size line ] [ content ] [ CRLF behind a chunk ]

import CLinux
import Glibc
import Ring

extension HTTPExchange {
  /// Answers with a whole response whose body is copied behind the head; for HEAD it is left out and its length kept.
  ///
  /// Suspends until the client's socket took it. A failure ends the connection and is not reported: nothing could be done.
  package func respond(
    _ status: HTTPStatus, contentType: StaticString = "application/json",
    extra: (inout HTTPHeadWriter) -> Void = { _ in }, body: UnsafeRawBufferPointer
  ) async {
    begin(status, length: Int64(body.count), contentType: contentType, extra: extra)
    if hasFailed { return }
    if !omitsContent { unsafe writer.write(body) }
    await finishWritten()
  }

  /// As above, with the bytes of an array.
  package func respond(
    _ status: HTTPStatus, contentType: StaticString = "application/json",
    extra: (inout HTTPHeadWriter) -> Void = { _ in }, body: [UInt8]
  ) async {
    begin(status, length: Int64(body.count), contentType: contentType, extra: extra)
    if hasFailed { return }
    if !omitsContent { unsafe body.withUnsafeBytes { unsafe writer.write($0) } }
    await finishWritten()
  }

  /// Sends a response whose content stands behind its head.
  private func finishWritten() async {
    response = .sized(remaining: 0)
    do throws(HTTPError) {
      try await finish()
    } catch {
      // `fail` has counted it and the loop closes the connection.
      response = .failed
    }
  }

  /// Answers with `{"message":"…"}`.
  package func respond(
    _ status: HTTPStatus, message: String, extra: (inout HTTPHeadWriter) -> Void = { _ in }
  ) async {
    await respond(status, extra: extra, body: JSONText.message(message))
  }

  /// Answers with `{"message":"…"}`.
  func respond(_ status: HTTPStatus, message: StaticString) async {
    await respond(status, body: JSONText.message(message.description))
  }

  /// Answers a body that could not be read: the rule it broke, or 408; nothing when the client is gone.
  package func respond(to error: HTTPError) async {
    if hasBegun { return abort() }
    switch error.code {
    case .rejected:
      let rejection = error.rejection ?? .malformedRequestLine
      await respond(rejection.status, message: rejection.message)
    case .expired:
      await respond(.requestTimeout, message: "the body of the request did not arrive in time")
    default: abort()
    }
  }

  /// Begins a response of `length` bytes of content; nil sends chunks, or to an HTTP/1.0 client until the close.
  ///
  /// Nothing is sent yet: the head leaves with the first `send`, or with `finish`. `extra` adds header lines; Date,
  /// Content-Type (unless empty), Content-Length or Transfer-Encoding, and Connection are written here.
  package func begin(
    _ status: HTTPStatus, length: Int64?, contentType: StaticString = "application/octet-stream",
    extra: (inout HTTPHeadWriter) -> Void = { _ in }
  ) {
    precondition(!hasBegun || hasFailed, "a request has one response")
    precondition((length ?? 0) >= 0, "a length is not negative")
    if hasFailed { return }
    omitsContent = request.method == .head || status.isBodiless
    if ring.isDraining || !canDiscardBody { closesAfter = true }
    ring.counters.countResponse(status)
    unsafe writer.attach(ring.pool.take())
    writer.status(status)
    writer.date(Int64(time(nil)), cache: &ring.dateCache)
    if contentType.utf8CodeUnitCount > 0, !status.isBodiless {
      writer.header("Content-Type", contentType)
    }
    writeFraming(status, length: length)
    extra(&writer)
    if closesAfter {
      writer.write("Connection: close\r\n\r\n")
    } else if request.minorVersion == 0 {
      writer.write("Connection: keep-alive\r\n\r\n")
    } else {
      writer.write("\r\n")
    }
  }

  /// Decides how the content's end is found, and writes it.
  @inline(__always)
  private func writeFraming(_ status: HTTPStatus, length: Int64?) {
    if let length {
      response = .sized(remaining: length)
      if !status.isBodiless { writer.header("Content-Length", length) }
    } else if request.minorVersion == 0 {
      response = .untilClose
      closesAfter = true
    } else {
      response = .chunked
      if !status.isBodiless { writer.write("Transfer-Encoding: chunked\r\n") }
    }
  }

  /// Sends `bytes` as the next content, with the head if it has not left yet; they must stay put until this returns.
  ///
  /// - Throws: `.disconnected`, `.expired`; `.responseLong` when the head promised fewer bytes, which also drops the
  ///   connection; `.aborted` after a failure.
  package func send(_ bytes: UnsafeRawBufferPointer) async throws(HTTPError) {
    if bytes.count == 0 { return }
    var total = bytes.count
    switch response {
    case .sized(let remaining):
      guard Int64(bytes.count) <= remaining else {
        abort()
        throw HTTPError(.responseLong, "send")
      }
      response = .sized(remaining: remaining - Int64(bytes.count))
      if omitsContent { return }
    case .untilClose:
      if omitsContent { return }
    case .chunked:
      if omitsContent { return }
      writer.write(hexadecimal: UInt64(bytes.count))
      writer.write("\r\n")
      total += 2
    case .failed: throw HTTPError(.aborted, "send")
    case .none, .ended: preconditionFailure("content is sent between begin and finish")
    }
    total += writer.count
    let count = unsafe gather(bytes)
    try await transmit(count, total: total)
    writer.reset()
  }

  /// Ends the response: sends the head if no content did, and the last chunk.
  ///
  /// - Throws: `.responseShort` when content is missing, which drops the connection; else as `send`.
  package func finish() async throws(HTTPError) {
    switch response {
    case .sized(let remaining):
      guard remaining == 0 || omitsContent else {
        abort()
        throw HTTPError(.responseShort, "finish")
      }
    case .chunked: if !omitsContent { writer.write("0\r\n\r\n") }
    case .untilClose: break
    case .failed: throw HTTPError(.aborted, "finish")
    case .none, .ended: preconditionFailure("a response is begun before it is finished")
    }
    if writer.count > 0 {
      let total = writer.count
      let count = unsafe gather(UnsafeRawBufferPointer(start: nil, count: 0))
      try await transmit(count, total: total)
    }
    response = .ended
    releaseWriter()
  }

  /// Drops the connection: the client must see a failure, never a clean end.
  package func abort() {
    if case .failed = response {} else { ring.counters.abortedByHandler.add() }
    response = .failed
    isAborted = true
  }

  /// Gives the writer's block back to the ring.
  @inline(__always)
  func releaseWriter() {
    if let block = unsafe writer.detach() { unsafe ring.pool.put(block) }
  }

  // MARK: Sending

  /// Lays out the message of what the writer holds and `content`; returns the number of its pieces.
  @inline(__always)
  private func gather(_ content: UnsafeRawBufferPointer) -> Int {
    let pieces = unsafe writer.pieces
    var count = 0
    if writer.count > 0 {
      unsafe pieces[0] = unsafe iovec(
        iov_base: UnsafeMutableRawPointer(mutating: writer.bytes.baseAddress),
        iov_len: writer.count)
      count = 1
    }
    if content.count > 0 {
      unsafe pieces[count] = unsafe iovec(
        iov_base: UnsafeMutableRawPointer(mutating: content.baseAddress), iov_len: content.count)
      count += 1
      if case .chunked = response {
        let lineEnd: StaticString = "\r\n"
        unsafe pieces[count] = unsafe iovec(
          iov_base: UnsafeMutableRawPointer(mutating: lineEnd.utf8Start), iov_len: 2)
        count += 1
      }
    }
    return count
  }

  /// Sends the first `count` pieces, `total` bytes together.
  @inline(__always)
  private func transmit(_ count: Int, total: Int) async throws(HTTPError) {
    enter(.send)
    let message = unsafe writer.message
    unsafe message.initialize(to: msghdr())
    unsafe message.pointee.msg_iov = unsafe writer.pieces
    unsafe message.pointee.msg_iovlen = count
    let sent = await unsafe ring.reactor.send(fd, message)
    if Int(sent) == total {
      ring.counters.bytesOut.add(total)
      enter(.handling)
      return
    }
    try await transmitRest(count, total: total, sent: sent)
  }

  /// Goes on after a short send, which MSG_WAITALL allows only around signals and failures.
  @inline(never)
  private func transmitRest(
    _ count: Int, total: Int, sent first: Int32
  ) async throws(HTTPError) {
    var sent = first
    var missing = total
    var index = 0
    while true {
      guard sent > 0 else { throw fail("send", errno: sent < 0 ? -sent : EPIPE) }
      ring.counters.bytesOut.add(Int(sent))
      missing -= Int(sent)
      if missing == 0 { break }
      var skip = Int(sent)
      let pieces = unsafe writer.pieces
      while index < count, unsafe skip >= pieces[index].iov_len {
        unsafe skip -= pieces[index].iov_len
        index += 1
      }
      unsafe pieces[index].iov_base = unsafe pieces[index].iov_base.map { unsafe $0 + skip }
      unsafe pieces[index].iov_len -= skip
      unsafe writer.message.pointee.msg_iov = unsafe pieces + index
      unsafe writer.message.pointee.msg_iovlen = count - index
      sent = await unsafe ring.reactor.send(fd, writer.message)
    }
    enter(.handling)
  }
}
