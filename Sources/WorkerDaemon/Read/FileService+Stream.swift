// A range of a file to a client: page after page, each in one send with what is left of the head.

package import HTTPWire
import Model
import PageStore
import Ring
package import UFS

/// How a response begins: its status and the header lines besides those of the record.
package struct StreamHead: Sendable {
  /// 200, or 206 for a part.
  package var status: HTTPStatus
  /// Whether `Content-Range` is written.
  package var hasContentRange: Bool

  /// The head of a response with the whole file, or of one with a part of it.
  package init(isPart: Bool) {
    status = isPart ? .partialContent : .ok
    hasContentRange = isPart
  }
}

extension FileService {
  /// Longest wait for the next bytes of a page that a load brings.
  static let loadPatience = Duration.milliseconds(500)
  /// The same for a request that has met a page of a load that did not get on.
  static let lateLoadPatience = Duration.milliseconds(50)

  /// Sends `count` bytes of `record` from `offset` as the body of `exchange`'s response.
  ///
  /// The first bytes are at hand before the head is committed, so that a failure until then is still an honest status.
  /// After that a failure drops the connection: the client never takes a part for the whole.
  ///
  /// - Returns: Bytes of the body that were sent.
  /// - Throws: What the UFS says, while nothing was sent yet.
  @discardableResult
  package func stream(
    _ record: FileRecord, offset: Int64, count: Int64, head: StreamHead, to exchange: HTTPExchange
  ) async throws(UFSError) -> Int64 {
    precondition(offset >= 0, "a range begins in the file")
    precondition(count <= record.length - offset, "a range ends in the file")
    guard let reactor = Reactor.current else {
      preconditionFailure("the read path runs on a reactor")
    }
    var body = BodySender(record, offset: offset, count: count, head, to: exchange)
    if exchange.request.method == .head || count == 0 {
      body.begin()
      // A client that is gone needs no answer; the server counts it.
      try? await exchange.finish()
      return 0
    }
    let range = offset..<offset + count
    readAhead.observe(record, offset, count, self, on: reactor)
    let read = StreamedRead(self, record, range, reactor)
    var position = offset
    do throws(StreamEnd) {
      try await sendPages(record, range, &position, read, &body)
    } catch {
      await read.finish(isComplete: false)
      if case .source(let error) = error {
        guard body.hasBegun else { throw error }
        failures.reportCut(record, error, sent: position - offset, of: count, exchange)
        exchange.abort()
      }
      counters.served(bytes: position - offset)
      return position - offset
    }
    await read.finish(isComplete: true)
    try? await exchange.finish()
    counters.served(bytes: count)
    return count
  }

  private func sendPages(
    _ record: FileRecord, _ range: Range<Int64>, _ position: inout Int64, _ read: StreamedRead,
    _ body: inout BodySender
  ) async throws(StreamEnd) {
    let pageSize = Int64(store.pageSize)
    var failedTries = 0
    while position < range.upperBound {
      guard let index = UInt32(exactly: position / pageSize) else {
        throw .source(
          UFSError(
            .unsupported, operation: "worker.read", path: record.status.ufsPath,
            cause: .rule(.tooManyPages)))
      }
      let start = Int(position % pageSize)
      let wanted = start..<Int(min(pageSize, range.upperBound - position + Int64(start)))
      let access: PageAccess
      do throws(UFSError) {
        access = try await read.access(
          index, wanted: wanted,
          isTried: failedTries >= Self.joinCountMax || read.latePage == index)
      } catch { throw .source(error) }
      let before = position
      let isDone = try await send(access, wanted, &position, read, index, &body)
      failedTries = position > before ? 0 : failedTries + 1
      if !isDone { failedTries = Self.joinCountMax }
    }
  }

  /// Sends the wanted bytes of `access` and moves `position` past them; the page stays leased until they are sent.
  ///
  /// False when the rest of the page is to be read past the store.
  private func send(
    _ access: consuming PageAccess, _ wanted: Range<Int>, _ position: inout Int64,
    _ read: StreamedRead, _ index: UInt32, _ body: inout BodySender
  ) async throws(StreamEnd) -> Bool {
    switch consume access {
    case .hit(let lease):
      counters.cachedRead(bytes: wanted.count)
      try await send(lease, wanted, &position, &body)
    case .filled(let lease): try await send(lease, wanted, &position, &body)
    case .transient(let page):
      try await unsafe body.send(UnsafeRawBufferPointer(rebasing: page.bytes[wanted]))
      position += Int64(wanted.count)
    case .stored(let buffer):
      counters.cachedRead(bytes: wanted.count)
      counters.pageRead(bytes: wanted.count, node: buffer.node)
      try await unsafe body.send(buffer.bytes)
      position += Int64(buffer.count)
    case .passedThrough(let buffer):
      try await unsafe body.send(buffer.bytes)
      position += Int64(buffer.count)
    case .filling(let waiter):
      return try await send(waiter, wanted, &position, read, index, &body)
    }
    return true
  }

  private func send(
    _ lease: borrowing PageLease, _ wanted: Range<Int>, _ position: inout Int64,
    _ body: inout BodySender
  ) async throws(StreamEnd) {
    counters.pageRead(bytes: wanted.count, node: lease.node)
    try await unsafe body.send(UnsafeRawBufferPointer(rebasing: lease.bytes[wanted]))
    position += Int64(wanted.count)
  }

  /// Sends the wanted bytes of a page as they arrive.
  ///
  /// When the fill ends without a page, what is missing is tried anew by the caller: at the same version, from `position`.
  /// False when it is to be read past the store: a load, which nobody hurries, has it and does not get on.
  private func send(
    _ waiter: consuming FillWaiter, _ wanted: Range<Int>, _ position: inout Int64,
    _ read: StreamedRead, _ index: UInt32, _ body: inout BodySender
  ) async throws(StreamEnd) -> Bool {
    let isLoaded = waiter.isBackground
    let patience: Duration? = isLoaded ? read.loadPatience : nil
    var sent = wanted.lowerBound
    arriving: while sent < wanted.upperBound {
      switch await waiter.progress(upTo: sent + 1, within: patience) {
      case .bytes(let bytes):
        let piece = sent..<min(bytes.count, wanted.upperBound)
        try await unsafe body.send(UnsafeRawBufferPointer(rebasing: bytes[piece]))
        sent = piece.upperBound
        position += Int64(piece.count)
      case .ended: break arriving
      case .late:
        guard !Task.isCancelled else { throw .client }
        read.latePage = index
        return false
      }
    }
    if isLoaded, sent > wanted.lowerBound { read.latePage = nil }
    if sent == wanted.upperBound { return true }
    switch await waiter.wait() {
    case .hit(let lease):
      try await send(lease, sent..<wanted.upperBound, &position, &body)
      return true
    case .failed(.source(let error)):
      guard let error = error as? UFSError else { return false }
      // Its own flow's changes end a request; those that another met, and the failures of a load, are asked about once more.
      if error.code != .changed, !read.mayRepeat(index) { throw .source(error) }
      return true
    case .failed:
      guard !Task.isCancelled else { throw .client }
      return true
    }
  }
}
