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

  private var bytes: [UInt8] = []
  /// Whether a thread sends, and takes along what is left here.
  private var isSending = false

  /// What a thread has to do about its bytes.
  enum Turn {
    /// Send these, and then what `next` gives.
    case send([UInt8])
    /// Nothing: another thread sends them, or there are none.
    case done
    /// More lies here than a worker that reads would leave.
    case full
  }

  /// Leaves `more` behind the bytes that are here.
  mutating func begin(_ more: [UInt8]) -> Turn {
    if isSending || !bytes.isEmpty { bytes += more }
    guard bytes.count <= Self.sizeMax else { return .full }
    guard !isSending else { return .done }
    let batch = bytes.isEmpty ? more : bytes
    guard !batch.isEmpty else { return .done }
    (bytes, isSending) = ([], true)
    return .send(batch)
  }

  /// What others left meanwhile; nil when that is nothing, and the turn is over.
  mutating func next() -> [UInt8]? {
    guard !bytes.isEmpty else {
      isSending = false
      return nil
    }
    defer { bytes = [] }
    return bytes
  }

  /// Ends the turn before everything is sent, and leaves `rest` to who sends next.
  mutating func end(leaving rest: ArraySlice<UInt8>) {
    isSending = false
    if !rest.isEmpty { bytes.insert(contentsOf: rest, at: 0) }
  }
}

extension LocalConnection {
  /// Longest that a worker may make no room for requests, in nanoseconds.
  private static let roomTimeMax: UInt64 = 30_000_000_000

  private var roomTime: UInt64 {
    let (patience, overflow) = options.keepaliveTime.addingReportingOverflow(
      options.keepaliveTimeout)
    return overflow ? Self.roomTimeMax : min(patience, Self.roomTimeMax)
  }

  /// Sends `bytes` behind those of other threads, or leaves them to the thread that sends.
  ///
  /// - Throws: `unavailable` when the connection ended, or the worker read nothing for too long.
  func send(_ bytes: [UInt8], waits: Bool = true) throws(ClientError) {
    switch outbox.withLock({ $0.begin(bytes) }) {
    case .send(let batch): try sendAll(batch, waits: waits)
    case .done: break
    case .full: throw unread
    }
  }

  /// Sends what found no room, as far as there is some now, unless another thread sends.
  func flush() throws(ClientError) { try send([], waits: false) }

  /// Sends `first` and what others leave meanwhile, in this thread's turn.
  private func sendAll(_ first: [UInt8], waits: Bool) throws(ClientError) {
    var rest = first[...]
    var deadline: UInt64?
    while true {
      let count: Int
      do throws(ClientError) {
        count = try stream.sendSome(rest)
      } catch {
        outbox.withLock { $0.end(leaving: []) }
        throw error
      }
      rest = rest.dropFirst(count)
      if count > 0 { deadline = nil }
      if rest.isEmpty {
        guard let next = outbox.withLock({ $0.next() }) else { return }
        rest = next[...]
      } else if count == 0 {
        guard waits else { return outbox.withLock { $0.end(leaving: rest) } }
        let limit = deadline ?? monotonicNow() &+ roomTime
        deadline = limit
        guard stream.awaitRoom(until: limit) else {
          outbox.withLock { $0.end(leaving: []) }
          throw unread
        }
      }
    }
  }

  private var unread: ClientError {
    ClientError(
      .unavailable, path, "the worker takes no requests",
      "is it stopped, or its machine overloaded?")
  }
}
