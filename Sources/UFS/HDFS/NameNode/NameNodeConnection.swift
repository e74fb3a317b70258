// One connection to one name node, shared by all calls of a ring.
//
//   callers ─ frames ─▶ outbox ─ one send at a time ─▶ socket ─▶ inbox ─ frames ─▶ the call with that number
//
// A task of its own receives until the end: it hands out answers, ends calls whose deadline passed, sends a ping while
// calls wait long, and closes a connection that nobody used for a while.

import Glibc
import Ring

/// A connection to a name node.
// SAFETY: confined to the reactor's thread; the receiving task runs on it.
@safe final class NameNodeConnection: @unchecked Sendable {
  /// How often deadlines are looked at.
  private static let tick = Duration.seconds(1)
  /// Unused for so long, it is closed.
  private static let idleTime: UInt64 = 20_000_000_000
  /// Waiting for so long, a ping asks whether anybody is there.
  private static let pingTime: UInt64 = 10_000_000_000
  private static let bufferSize = 65536

  private let reactor: Reactor
  private let descriptor: Int32
  private let client: [UInt8]
  private var calls: [UInt32: HDFSCall] = [:]
  private var outbox: [UInt8] = []
  private var isSending = false
  private var lastUse: UInt64
  private var lastPing: UInt64
  /// Why it ended; nil while it lives.
  private(set) var end: HDFSFailure?
  /// Answers so far: a connection that had one and is reset was closed by an idle server.
  private(set) var answerCount = 0

  /// Connects and introduces `user`.
  ///
  /// - Throws: `.connection`, `.timeout`.
  init(
    _ address: SocketAddress, user: String, client: [UInt8], reactor: Reactor,
    within limit: Duration
  ) async throws(HDFSFailure) {
    self.reactor = reactor
    self.client = client
    (lastUse, lastPing) = (reactor.now, reactor.now)
    descriptor = await reactor.connect(to: address, within: limit)
    guard descriptor >= 0 else { throw HDFSFailure(result: descriptor, isSent: false) }
    outbox = HDFSFrame.opening(user: user, client: client)
    reactor.spawn { await self.receive() }
  }

  /// Makes a call and waits for its answer, or until the task is cancelled.
  ///
  /// - Throws: What the name node or the connection says.
  func call(
    _ number: UInt32, _ method: StaticString, _ request: [UInt8], retry: Int32, deadline: UInt64
  ) async throws(HDFSFailure) -> ProtobufReader {
    if let end { throw end }
    let call = HDFSCall(deadline: deadline)
    calls[number] = call
    defer { calls[number] = nil }
    if calls.count == 1 { lastPing = reactor.now }
    lastUse = reactor.now
    outbox += HDFSFrame.call(
      number, method: method, request: request, client: client, retry: retry)
    await flush()
    defer { lastUse = reactor.now }
    let reactor = reactor
    return try await withTaskCancellationHandler {
      await call.wait()
    } onCancel: {
      reactor.spawn { call.finish(.failure(.connection(ECANCELED, isSent: true))) }
    }.get()
  }

  /// Ends it and every call on it.
  func close(_ failure: HDFSFailure) {
    guard end == nil else { return }
    end = failure
    // The receiving task sees the end and gives the descriptor back.
    shutdown(descriptor, Int32(SHUT_RDWR))
    for call in calls.values { call.finish(.failure(failure)) }
  }

  /// Sends what is in the outbox unless somebody is at it.
  private func flush() async {
    guard !isSending else { return }
    isSending = true
    defer { isSending = false }
    while !outbox.isEmpty, end == nil {
      let bytes = outbox
      outbox = []
      let sent = await reactor.send(descriptor, bytes)
      if sent < bytes.count { close(HDFSFailure(result: min(sent, 0))) }
    }
  }

  private func receive() async {
    let buffer = UnsafeMutableRawBufferPointer.allocate(
      byteCount: Self.bufferSize, alignment: 16)
    defer { unsafe buffer.deallocate() }
    var inbox: [UInt8] = []
    while end == nil {
      let count = unsafe await reactor.receive(descriptor, into: buffer, within: Self.tick)
      if count > 0 {
        unsafe inbox.append(contentsOf: buffer[..<Int(count)])
        takeFrames(&inbox)
      } else if count != -ECANCELED && count != -EINTR {
        close(HDFSFailure(result: count))
      } else if reactor.isStopped {
        close(.connection(ECANCELED, isSent: true))
      }
      await lookAtClock()
    }
    Glibc.close(descriptor)
  }

  private func takeFrames(_ inbox: inout [UInt8]) {
    var start = 0
    do throws(HDFSWireError) {
      while let length = try HDFSFrame.length(inbox[start...]), inbox.count - start >= length {
        let frame = Array(inbox[start + 4..<start + length])
        start += length
        try deliver(try HDFSAnswer(frame))
      }
    } catch {
      close(.wire(error))
    }
    if start > 0 { inbox.removeFirst(start) }
  }

  private func deliver(_ answer: HDFSAnswer) throws(HDFSWireError) {
    answerCount += 1
    switch answer.outcome {
    case .response(let response): calls[answer.call]?.finish(.success(response))
    case .exception(let exception):
      calls[answer.call]?.finish(.failure(.exception(exception)))
      // Failures of the connection itself come under numbers of nobody's call.
      if answer.isFatal || Int32(bitPattern: answer.call) < 0 { close(.exception(exception)) }
    }
  }

  private func lookAtClock() async {
    guard end == nil else { return }
    let now = reactor.now
    for call in calls.values where call.deadline <= now { call.finish(.failure(.timeout)) }
    if calls.isEmpty {
      if now &- lastUse > Self.idleTime { close(.connection(ECONNRESET, isSent: false)) }
    } else if now &- lastPing > Self.pingTime {
      lastPing = now
      outbox += HDFSFrame.ping(client: client)
      await flush()
    }
  }
}
