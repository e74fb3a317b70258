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
  /// Sends `count` bytes of `record` from `offset` as the body of `exchange`'s response.
  ///
  /// The first page is at hand before the head is committed, so that a failure until then is still an honest status.
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
    var reader = ReaderHolder()
    if exchange.request.method == .head || count == 0 {
      begin(record, offset: offset, count: count, head, exchange)
      // A client that is gone needs no answer; the server counts it.
      try? await exchange.finish()
      return 0
    }
    let sent: Int64
    do throws(UFSError) {
      sent = try await sendPages(record, offset: offset, count: count, head, exchange, &reader)
    } catch {
      await reader.close()
      throw error
    }
    await reader.close()
    counters.served(bytes: sent)
    return sent
  }

  private func begin(
    _ record: FileRecord, offset: Int64, count: Int64, _ head: StreamHead, _ exchange: HTTPExchange
  ) {
    exchange.begin(head.status, length: count) { writer in
      unsafe record.headerLines.withUnsafeBytes { unsafe writer.write($0) }
      if head.hasContentRange, count > 0 {
        writer.contentRange(offset: offset, count: count, size: record.length)
      }
    }
  }

  private func sendPages(
    _ record: FileRecord, offset: Int64, count: Int64, _ head: StreamHead,
    _ exchange: HTTPExchange, _ reader: inout ReaderHolder
  ) async throws(UFSError) -> Int64 {
    let pageSize = Int64(store.pageSize)
    let end = offset + count
    var position = offset
    while position < end {
      guard let index = UInt32(exactly: position / pageSize) else {
        let error = UFSError(
          .unsupported, operation: "worker.read", path: record.status.ufsPath,
          cause: .rule(.tooManyPages))
        guard position > offset else { throw error }
        exchange.abort()
        return position - offset
      }
      let start = Int(position % pageSize)
      let wanted = start..<Int(min(pageSize, end - position + Int64(start)))
      let access: PageAccess
      do throws(UFSError) {
        access = try await self.access(record, page: index, wanted: wanted, reader: &reader)
      } catch {
        guard position > offset else { throw error }
        exchange.abort()
        return position - offset
      }
      if position == offset { begin(record, offset: offset, count: count, head, exchange) }
      do throws(HTTPError) {
        position += try await Int64(send(access, wanted, exchange))
      } catch {
        // The server has counted the client's going; there is nobody left to tell.
        return position - offset
      }
    }
    try? await exchange.finish()
    return position - offset
  }

  /// Sends the wanted bytes of `access` and returns their number; the page stays leased until they are sent.
  private func send(
    _ access: consuming PageAccess, _ wanted: Range<Int>, _ exchange: HTTPExchange
  ) async throws(HTTPError) -> Int {
    switch consume access {
    case .hit(let lease):
      counters.cachedRead(bytes: wanted.count)
      counters.pageRead(bytes: wanted.count, node: lease.node)
      unsafe try await exchange.send(unsafe UnsafeRawBufferPointer(rebasing: lease.bytes[wanted]))
      return wanted.count
    case .filled(let lease):
      counters.pageRead(bytes: wanted.count, node: lease.node)
      unsafe try await exchange.send(unsafe UnsafeRawBufferPointer(rebasing: lease.bytes[wanted]))
      return wanted.count
    case .transient(let fill):
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: fill.buffer[wanted])
      do throws(HTTPError) {
        try await unsafe exchange.send(bytes)
      } catch {
        fill.fail(.abandoned)
        throw error
      }
      fill.fail(.abandoned)
      return wanted.count
    case .stored(let buffer):
      counters.cachedRead(bytes: wanted.count)
      counters.pageRead(bytes: wanted.count, node: buffer.node)
      unsafe try await exchange.send(unsafe buffer.bytes)
      return buffer.count
    case .passedThrough(let buffer):
      unsafe try await exchange.send(unsafe buffer.bytes)
      return buffer.count
    }
  }
}
