// READ: bytes through the socket, for small reads and for clients that cannot map.

import Glibc
import LocalWire
import Model
import PageStore
import Ring
import UFS

extension LocalConnection {
  /// Bytes of an answer that are copied into the frames of this turn; larger ones go in memory of their own.
  static let inlineSizeMax = 64 << 10

  func read(_ frame: ReadFrame, _ request: UInt64) {
    shared.counters.count(.requestRead)
    guard let handle = handles[frame.handle] else {
      return refuse(.invalid, "no handle \(frame.handle)", to: request)
    }
    let record = handle.record
    let count = Int(min(Int64(frame.length), max(0, record.length - frame.offset)))
    guard count > 0 else {
      return reply(
        .data(DataFrame(offset: frame.offset, count: 0, source: .memory)), to: request)
    }
    if readResident(frame.offset, count, record, handle.key, request) { return }
    if count > Self.inlineSizeMax, !ring.takeReplyBytes(count) {
      return refuse(
        .tooMany, "too many bytes are on their way to clients that do not take them", to: request,
        retryAfter: 10)
    }
    begin(request) { connection in
      await connection.read(frame.offset, count, record, request)
      if count > Self.inlineSizeMax { connection.ring.giveBackReplyBytes(count) }
    }
  }

  /// Answers at once a small read of one page that is in memory.
  private func readResident(
    _ offset: Int64, _ count: Int, _ record: FileRecord, _ file: FileKey, _ request: UInt64
  ) -> Bool {
    let pageSize = Int64(shared.files.store.pageSize)
    let start = Int(offset % pageSize)
    guard count <= Self.inlineSizeMax, start + count <= Int(pageSize), record.decision.isCached,
      !record.isAgeDue(shared.files.policies.now), let index = UInt32(exactly: offset / pageSize),
      let lease = shared.files.store.hold(PageKey(file: file, index: index), now: reactor.now)
    else { return false }
    reply(.data(DataFrame(offset: offset, count: count, source: .memory)), to: request)
    unsafe output.raw(UnsafeRawBufferPointer(rebasing: lease.bytes[start..<start + count]))
    shared.files.counters.cachedRead(bytes: count)
    shared.files.counters.pageRead(bytes: count, node: lease.node)
    return true
  }

  private func read(
    _ offset: Int64, _ count: Int, _ record: FileRecord, _ request: UInt64
  ) async {
    shared.files.readAhead.observe(record, offset, Int64(count), shared.files, on: reactor)
    var writer = FrameWriter()
    WorkerFrame.data(DataFrame(offset: offset, count: count, source: .past))
      .write(request, to: &writer)
    let head = writer.bytes.count
    let answer = OutgoingBytes(
      count: head + count, answered: [AnsweredBytes(count: count, path: .domain)])
    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: answer.bytes[head...])
    do throws(UFSError) {
      let source = try await unsafe gather(offset, into: target, record)
      guard isServing else { return }
      writer.removeAll()
      WorkerFrame.data(DataFrame(offset: offset, count: count, source: source))
        .write(request, to: &writer)
      unsafe answer.bytes.copyBytes(from: writer.bytes)
      flush()
      enqueue(answer)
    } catch {
      refuse(error, path: record.status.ufsPath, to: request)
    }
  }

  /// Reads the file's bytes from `offset` on until `target` is full; says where the first came from.
  private func gather(
    _ offset: Int64, into target: UnsafeMutableRawBufferPointer, _ record: FileRecord
  ) async throws(UFSError) -> PageSource {
    var holder = ReaderHolder()
    var source: PageSource?
    var done = 0
    do throws(UFSError) {
      while done < target.count {
        let from = unsafe try await piece(
          offset + Int64(done), UnsafeMutableRawBufferPointer(rebasing: target[done...]), record,
          &holder)
        source = source ?? from.source
        done += from.count
      }
    } catch {
      await holder.close()
      throw error
    }
    await holder.close()
    return source ?? .memory
  }

  /// Reads bytes of one page.
  private func piece(
    _ position: Int64, _ target: UnsafeMutableRawBufferPointer, _ record: FileRecord,
    _ holder: inout ReaderHolder
  ) async throws(UFSError) -> (count: Int, source: PageSource) {
    let pageSize = Int64(shared.files.store.pageSize)
    guard let index = UInt32(exactly: position / pageSize) else {
      throw UFSError(
        .unsupported, operation: "worker.read", path: record.status.ufsPath,
        cause: .rule(.tooManyPages))
    }
    let start = Int(position % pageSize)
    let wanted = start..<min(Int(pageSize), start + target.count)
    func copied(_ bytes: UnsafeRawBufferPointer, _ source: PageSource) -> (Int, PageSource) {
      let count = min(bytes.count, target.count)
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
      return (count, source)
    }
    let access = try await shared.files.access(
      record, page: index, wanted: wanted, reader: &holder)
    switch consume access {
    case .hit(let lease):
      shared.files.counters.cachedRead(bytes: wanted.count)
      shared.files.counters.pageRead(bytes: wanted.count, node: lease.node)
      return unsafe copied(UnsafeRawBufferPointer(rebasing: lease.bytes[wanted]), .memory)
    case .filled(let lease):
      shared.files.counters.pageRead(bytes: wanted.count, node: lease.node)
      return unsafe copied(UnsafeRawBufferPointer(rebasing: lease.bytes[wanted]), .filled)
    case .transient(let page):
      return unsafe copied(UnsafeRawBufferPointer(rebasing: page.bytes[wanted]), .past)
    case .stored(let buffer):
      shared.files.counters.cachedRead(bytes: buffer.count)
      shared.files.counters.pageRead(bytes: buffer.count, node: buffer.node)
      return unsafe copied(buffer.bytes, .disk)
    case .passedThrough(let buffer): return unsafe copied(buffer.bytes, .past)
    case .filling:
      throw UFSError(
        .unavailable, operation: "worker.read", path: record.status.ufsPath,
        cause: .rule(.noBuffer))
    }
  }
}
