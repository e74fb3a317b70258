// One page: from the store's memory or disk, or by a single-flight fill from the UFS, or past the store when that has no room.

import Model
import PageStore
import Ring
package import UFS

/// The open UFS file of one reading task, opened at its first miss.
package struct ReaderHolder: ~Copyable {
  private var reader: (any UFSReader)?
  let purpose: UFSPurpose
  /// Whose reads these are where they wait for their turn; nil for the file's own.
  private let turns: UInt64?
  /// What will be read past the store once something is, to be announced then.
  var rest: Range<Int64>?

  /// No file yet; reads are for `purpose`, and take turns as those of `turns`.
  package init(purpose: UFSPurpose = .demand, turns: UInt64? = nil) {
    self.purpose = purpose
    self.turns = turns
  }

  /// The reader of `record`'s file at its version.
  mutating func reader(for record: FileRecord) async throws(UFSError) -> any UFSReader {
    if let reader { return reader }
    let opened = try await record.place.ufs.open(
      record.place.path, expecting: record.status.version, for: purpose)
    if let turns { opened.takeTurns(as: turns) }
    reader = opened
    return opened
  }

  /// Closes the file, if one was opened.
  package mutating func close() async {
    await reader?.close()
    reader = nil
  }
}

extension FileService {
  /// Joins that end without a page before this task gives up waiting for others and reads past the store.
  static let joinCountMax = 8

  /// Bytes of page `index` of `record`, of which `wanted` (offsets in the page, not empty) will be used.
  ///
  /// With `waitsForRoom` it waits for memory whose pages are being written to disk, and passes through otherwise. Suspends.
  ///
  /// - Throws: What the UFS says; `.changed` when the file is no longer at the record's version.
  package func access(
    _ record: FileRecord, page index: UInt32, wanted: Range<Int>, waitsForRoom: Bool = false,
    reader: inout ReaderHolder
  ) async throws(UFSError) -> PageAccess {
    try await access(
      record, page: index, wanted: wanted, waitsForRoom: waitsForRoom, reader: &reader, stream: nil)
  }

  /// As above; for `stream` a page that is being brought is not waited for.
  func access(
    _ record: FileRecord, page index: UInt32, wanted: Range<Int>, waitsForRoom: Bool,
    reader: inout ReaderHolder, stream: StreamedRead?
  ) async throws(UFSError) -> PageAccess {
    guard let file = record.key else { preconditionFailure("pages belong to files") }
    let key = PageKey(file: file, index: index)
    guard let reactor = Reactor.current else {
      preconditionFailure("the read path runs on a reactor")
    }
    guard record.decision.isCached else {
      policies.counters.update { $0.skips += 1 }
      return try await passThrough(record, index, wanted: wanted, reader: &reader)
    }
    if record.isAgeDue(policies.now) { await policies.checkAge(of: record) }
    switch store.lookup(key, now: reactor.now) {
    case .hit(let lease): return .hit(lease)
    case .stored(let lease):
      if let access = try await read(lease, wanted, record, reactor, &reader) { return access }
    case .miss: break
    }
    return try await miss(
      record, key, wanted: wanted, waitsForRoom: waitsForRoom, reactor, reader: &reader,
      stream: stream)
  }

  /// Reads the wanted part of a page on disk; nil when the page was lost by that.
  ///
  /// Without memory to read it into, the UFS gives the bytes.
  private func read(
    _ lease: consuming StoredLease, _ wanted: Range<Int>, _ record: FileRecord, _ reactor: Reactor,
    _ reader: inout ReaderHolder
  ) async throws(UFSError) -> PageAccess? {
    guard var buffer = await storedReads[reactor.index].take() else {
      return try await passThrough(record, lease.key.index, wanted: wanted, reader: &reader)
    }
    switch await unsafe lease.read(wanted, into: buffer.memory) {
    case .bytes(let range):
      buffer.filled = range
      buffer.node = lease.node
      return .stored(buffer)
    case .lost: return nil
    case .stuck(let hold):
      buffer.hold = hold
      return nil
    }
  }

  private func miss(
    _ record: FileRecord, _ key: PageKey, wanted: Range<Int>, waitsForRoom: Bool,
    _ reactor: Reactor, reader: inout ReaderHolder, stream: StreamedRead?
  ) async throws(UFSError) -> PageAccess {
    let length = pageLength(key.index, of: record.length)
    var (attempts, isRetry) = (0, false)
    while attempts < Self.joinCountMax {
      attempts += 1
      guard let grant = await policies.admit(record, length: length) else { break }
      switch store.fill(
        key, length: length, node: reactor.node, traits: grant.traits, countsRejection: !isRetry)
      {
      case .hit(let lease): return .hit(lease)
      case .stored(let lease):
        if let access = try await read(lease, wanted, record, reactor, &reader) { return access }
      case .owner(let fill):
        guard let stream else {
          return try await complete(
            fill, grant, record, key.index, wanted: wanted, length: length, reader: &reader)
        }
        switch stream.begin(fill, grant, index: key.index) {
        case .streamed(let waiter): return .filling(waiter)
        case .whole(let fill, let grant):
          return try await complete(
            fill, grant, record, key.index, wanted: wanted, length: length, reader: &reader)
        }
      case .join(let waiter):
        if stream != nil { return .filling(waiter) }
        var waiter = waiter
        // A load, which nobody hurries, has the page: what does not come soon is read past it.
        if waiter.isBackground, reader.purpose != .load,
          case .late = await waiter.progress(upTo: length, within: Self.loadPatience)
        {
          return try await passThrough(record, key.index, wanted: wanted, reader: &reader)
        }
        switch await waiter.wait() {
        case .hit(let lease): return .filled(lease)
        case .failed(let reason):
          // What failed a moment ago for the owner would fail now; anything else is worth another try.
          if let error = Self.sourceError(reason), error.code != .changed { throw error }
        }
      case .rejected(.busy) where waitsForRoom:
        isRetry = true
        await store.waitForRoom()
        attempts -= 1
      case .rejected:
        return try await passThrough(record, key.index, wanted: wanted, reader: &reader)
      }
    }
    return try await passThrough(record, key.index, wanted: wanted, reader: &reader)
  }

  private static func sourceError(_ reason: FillFailure) -> UFSError? {
    guard case .source(let error) = reason else { return nil }
    return error as? UFSError
  }

  /// Reads a page this task owns the fill of, and commits it when its version can be trusted for good.
  private func complete(
    _ fill: consuming PageFill, _ grant: consuming FillGrant, _ record: FileRecord,
    _ index: UInt32, wanted: Range<Int>, length: Int, reader holder: inout ReaderHolder
  ) async throws(UFSError) -> PageAccess {
    let offset = Int64(index) * Int64(store.pageSize)
    let outcome: UFSRead
    if holder.purpose == .load { fill.markBackground() }
    do throws(UFSError) {
      outcome = try await read(fill, at: offset, record, &holder)
      guard outcome.count == length else {
        throw UFSError(
          .changed, operation: "worker.fill", path: record.status.ufsPath, cause: .rule(.shortRead))
      }
    } catch {
      // Given up, not refused: who waits for the page asks for itself.
      if Task.isCancelled {
        fill.fail(.abandoned)
        throw error
      }
      fill.fail(.source(error))
      if error.code == .changed || error.code == .notFound { forget(record.status.ufsPath) }
      throw error
    }
    counters.ufsRead(bytes: length)
    guard outcome.isSettled else {
      guard let page = await TransientPage.make(fill) else {
        return try await passThrough(record, index, wanted: wanted, reader: &holder)
      }
      return .transient(page)
    }
    let lease = fill.commit()
    grant.commit()
    policies.note(record)
    return .filled(lease)
  }

  /// Reads all bytes of `fill`.
  private func read(
    _ fill: borrowing PageFill, at offset: Int64, _ record: FileRecord,
    _ holder: inout ReaderHolder
  ) async throws(UFSError) -> UFSRead {
    guard let reactor = Reactor.current else {
      preconditionFailure("the read path runs on a reactor")
    }
    let buffer = unsafe fill.buffer
    return try await withReadDeadline(holder.purpose, reactor) {
      () async throws(UFSError) -> UFSRead in
      let reader = try await holder.reader(for: record)
      return try await unsafe reader.read(into: buffer, at: offset)
    }
  }

  /// Reads the wanted part of a page, up to one buffer of it, past the store.
  ///
  /// The first time, what the holder says will follow is announced.
  func passThrough(
    _ record: FileRecord, _ index: UInt32, wanted: Range<Int>, reader holder: inout ReaderHolder
  ) async throws(UFSError) -> PageAccess {
    guard let reactor = Reactor.current else {
      preconditionFailure("the read path runs on a reactor")
    }
    guard var buffer = await passThrough[reactor.index].take() else {
      throw UFSError(
        .unavailable, operation: "worker.read", path: record.status.ufsPath,
        cause: .rule(.noBuffer))
    }
    let count = unsafe min(wanted.count, buffer.memory.count)
    let offset = Int64(index) * Int64(store.pageSize) + Int64(wanted.lowerBound)
    let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.memory[..<count])
    let outcome = try await withReadDeadline(holder.purpose, reactor) {
      () async throws(UFSError) -> UFSRead in
      let reader = try await holder.reader(for: record)
      if let rest = holder.rest.take() { reader.announce(rest) }
      return try await unsafe reader.read(into: piece, at: offset)
    }
    guard outcome.count == count else {
      throw UFSError(
        .changed, operation: "worker.read", path: record.status.ufsPath, cause: .rule(.shortRead))
    }
    buffer.filled = 0..<count
    counters.passedThrough(bytes: count)
    return .passedThrough(buffer)
  }
}
