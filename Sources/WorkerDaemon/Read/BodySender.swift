// The body of a response with bytes of a file: the head leaves with the first of them.

import HTTPWire
import UFS

/// Sends bytes of one range, and begins the response when the first are at hand.
struct BodySender {
  private let record: FileRecord
  private let offset: Int64
  private let count: Int64
  private let head: StreamHead
  let exchange: HTTPExchange
  /// Whether the response was begun.
  private(set) var hasBegun = false

  /// A response with `count` bytes of `record` from `offset`.
  init(
    _ record: FileRecord, offset: Int64, count: Int64, _ head: StreamHead, to exchange: HTTPExchange
  ) {
    self.record = record
    self.offset = offset
    self.count = count
    self.head = head
    self.exchange = exchange
  }

  /// Begins the response.
  mutating func begin() {
    hasBegun = true
    exchange.begin(head.status, length: count) { writer in
      unsafe record.headerLines.withUnsafeBytes { unsafe writer.write($0) }
      if head.hasContentRange, count > 0 {
        writer.contentRange(offset: offset, count: count, size: record.length)
      }
    }
  }

  /// Sends the next bytes, which stay put until this returns.
  mutating func send(_ bytes: UnsafeRawBufferPointer) async throws(StreamEnd) {
    if !hasBegun { begin() }
    do throws(HTTPError) {
      try await unsafe exchange.send(bytes)
    } catch {
      // The server has counted the client's going; there is nobody left to tell.
      throw .client
    }
  }
}

/// Why a response ends early.
enum StreamEnd: Error {
  /// The bytes cannot be had.
  case source(UFSError)
  /// The client is gone, or too slow.
  case client
}
