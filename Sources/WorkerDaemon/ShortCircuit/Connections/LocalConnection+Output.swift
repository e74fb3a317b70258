// Frames out: at once if the client takes them, else by the ring, in order.

import CLinux
import Glibc
import LocalWire
import Ring

extension LocalConnection {
  /// Answers `request`.
  func reply(_ frame: WorkerFrame, to request: UInt64) {
    guard state != .ended else { return }
    switch frame {
    case .leased(let pages, _):
      for page in pages where page.failure == nil {
        answered.append(
          AnsweredBytes(count: Int(page.count), path: page.region == 0 ? .domain : .direct))
      }
    case .data(let data) where data.count > 0:
      answered.append(AnsweredBytes(count: data.count, path: .domain))
    default: break
    }
    frame.write(request, to: &output)
  }

  /// Counts what the client was sent: what it never takes is not counted.
  private func noteSent(_ answered: [AnsweredBytes]) {
    for part in answered {
      shared.counters.add(part.count, to: part.path)
      shared.files.counters.served(bytes: Int64(part.count))
    }
  }

  /// Answers `request` with an error.
  func refuse(_ code: LocalCode, _ message: String, to request: UInt64, retryAfter: UInt32 = 0) {
    shared.counters.refuse(code)
    reply(.error(ErrorFrame(code, message, retryAfter: retryAfter)), to: request)
  }

  /// Sends what was written; what the client does not take now goes when it does.
  func flush() {
    guard !output.bytes.isEmpty else { return }
    let beside = beside
    self.beside = OutgoingDescriptors()
    defer { answered.removeAll(keepingCapacity: true) }
    if outbox.isEmpty {
      let sent = unsafe output.bytes.withUnsafeBytes {
        unsafe pen_send_with(
          fd, $0.baseAddress, $0.count, beside.numbers, Int32(beside.numbers.count))
      }
      if sent == output.bytes.count {
        noteSent(answered)
        return output.removeAll()
      }
      guard sent >= 0 || sent == -Int(EAGAIN) else {
        output.removeAll()
        return end(nil)
      }
      // Descriptors go with the first byte.
      let rest = OutgoingBytes(
        output.bytes.dropFirst(max(0, sent)), answered: answered,
        beside: sent > 0 ? OutgoingDescriptors() : beside)
      output.removeAll()
      enqueue(rest)
    } else {
      enqueue(OutgoingBytes(output.take(), answered: answered, beside: beside))
    }
  }

  /// Writes `frames`, each to its request, with descriptors of `keepers`, at most four.
  ///
  /// What was written before leaves at once, since descriptors go with the first byte; these leave with what is written behind them.
  func write(
    _ frames: [(frame: WorkerFrame, request: UInt64)], descriptors: [Int32],
    of keepers: [any AnyObject & Sendable]
  ) {
    flush()
    guard state != .ended else { return }
    for (frame, request) in frames { frame.write(request, to: &output) }
    beside = OutgoingDescriptors(numbers: descriptors, keepers: keepers)
  }

  /// Sends `bytes` in their turn.
  func enqueue(_ bytes: OutgoingBytes) {
    outbox.append(bytes)
    outboxSize += unsafe bytes.bytes.count
    let hasRoom = unsafe ring.queue(bytes.bytes.count)
    defer { if !hasRoom { dropQueue() } }
    guard !isSending else { return }
    isSending = true
    reactor.spawn { [self] in await sendOutbox() }
  }

  /// Ends a connection whose client leaves its answers when there is no room for more of them.
  private func dropQueue() {
    shared.warn(
      "queue", reactor.now,
      "clients of the domain socket do not take their answers: one of user \(peer.user) was cut off"
    )
    end(nil)
    cut()
  }

  private func sendOutbox() async {
    let limit =
      state == .ended ? Duration.seconds(1) : shared.settings.sendTimeout
    var failed = false
    while !failed, let next = outbox.first {
      failed = await send(next, within: limit) == false
      if !failed { noteSent(next.answered) }
      outbox.removeFirst()
      outboxSize -= unsafe next.bytes.count
      unsafe ring.unqueue(next.bytes.count)
    }
    ring.unqueue(outboxSize)
    outbox = []
    outboxSize = 0
    finishSending()
    if failed { end(nil) }
    if state == .ended {
      shutdown(fd, Int32(SHUT_WR))
    } else {
      process()
    }
  }

  private func send(_ bytes: OutgoingBytes, within limit: Duration) async -> Bool {
    let descriptors = bytes.beside.numbers
    if !descriptors.isEmpty {
      let deadline = reactor.now &+ limit.nanoseconds
      while bytes.sent == 0 {
        let sent = unsafe pen_send_with(
          fd, bytes.bytes.baseAddress, bytes.bytes.count, descriptors, Int32(descriptors.count))
        if sent > 0 {
          bytes.sent = sent
        } else {
          // Rare: the socket is full of answers that the client does not take.
          guard sent == -Int(EAGAIN), reactor.now < deadline,
            await reactor.sleep(for: .milliseconds(5))
          else { return false }
        }
      }
    }
    while unsafe bytes.sent < bytes.bytes.count {
      let sent = unsafe await reactor.send(fd, bytes.rest, within: limit)
      guard sent > 0 else { return false }
      bytes.sent += Int(sent)
    }
    return true
  }
}
