// The sending half of a connection: threads leave their frames in one place, and one of them sends for all.
//
//   thread A: leave ─ nobody sends? send ─ full? wait for room ─ send ─ … ─ nothing left: done
//   thread B:    leave ─ A sends: done
//   reader:        leave ─ nobody sends? send what fits, the rest with the next look at the socket
//
// Who reads never waits for room: a worker may make none until its own words are read.

import LocalWire
import Ring
import Synchronization

/// Bytes on their way to the worker.
struct LocalOutbox: ~Copyable {
  /// More than this is left there only for a worker that reads nothing.
  static let sizeMax = 8 << 20

  var bytes: [UInt8] = []
  /// Whether a thread sends, and takes along what is left here.
  var isSending = false
}

extension LocalConnection {
  /// How long a worker may make no room for requests.
  private static let roomTime: UInt64 = 30_000_000_000

  /// Sends `bytes` behind those of other threads, or leaves them to the thread that sends.
  ///
  /// - Throws: `unavailable` when the connection ended, or the worker read nothing for too long.
  func send(_ bytes: [UInt8], waits: Bool = true) throws(ClientError) {
    let leftCount = outbox.withLock { outbox in
      outbox.bytes += bytes
      return outbox.bytes.count
    }
    guard leftCount <= LocalOutbox.sizeMax else { throw unread }
    try flush(waits: waits)
  }

  /// Sends what was left, unless another thread does.
  func flush(waits: Bool) throws(ClientError) {
    let (patience, overflow) = options.keepaliveTime.addingReportingOverflow(
      options.keepaliveTimeout)
    let limit = overflow ? Self.roomTime : min(patience, Self.roomTime)
    var deadline = monotonicNow() &+ limit
    var isFirst = true
    while var batch = take(isFirst)?[...] {
      isFirst = false
      while !batch.isEmpty {
        let count: Int
        do throws(ClientError) {
          count = try stream.sendSome(batch)
        } catch {
          giveBack([])
          throw error
        }
        batch = batch.dropFirst(count)
        if count > 0 { deadline = monotonicNow() &+ limit }
        if batch.isEmpty || count > 0 { continue }
        guard waits else { return giveBack(batch) }
        guard stream.awaitRoom(until: deadline) else {
          giveBack([])
          throw unread
        }
      }
    }
  }

  /// What there is to send, for the one thread that sends; nil when there is nothing, or another thread does.
  private func take(_ isFirst: Bool) -> [UInt8]? {
    outbox.withLock { outbox in
      guard !isFirst || !outbox.isSending else { return nil }
      guard !outbox.bytes.isEmpty else {
        outbox.isSending = false
        return nil
      }
      outbox.isSending = true
      let bytes = outbox.bytes
      outbox.bytes = []
      return bytes
    }
  }

  /// Leaves the rest to who sends next.
  private func giveBack(_ rest: ArraySlice<UInt8>) {
    outbox.withLock { outbox in
      outbox.isSending = false
      if !rest.isEmpty { outbox.bytes.insert(contentsOf: rest, at: 0) }
    }
  }

  private var unread: ClientError {
    ClientError(
      .unavailable, path, "the worker takes no requests",
      "is it stopped, or its machine overloaded?")
  }
}
