// A task that fills pages of one file in the order they are pushed, from one reader.
//
//   request ──push──▶ [page 3][page 4] … ──▶ run: read 64 KiB ▶ publish ▶ read 256 KiB ▶ publish … commit
//      └── waits for each page like everybody else            one announced range, one request to the store
//
// It ends when it is closed and its queue is empty. Abandoned, it finishes only what others wait for.

import Model
import PageStore
import Ring
import UFS

/// A flow of fills; confined to the ring it was made on.
// SAFETY: made, pushed to and run on one ring's thread.
@safe final class PageFlow: @unchecked Sendable {
  /// Bytes of the first piece of a flow: what its reader waits for.
  static let firstPieceSize = 64 << 10
  /// Bytes of the other pieces.
  static let pieceSize = 256 << 10
  /// Most bytes announced at once.
  static let announcedMax: Int64 = 64 << 20

  /// Why the flow cannot go on; nil while it can.
  private(set) var failure: UFSError?
  private let files: FileService
  private let record: FileRecord
  private let purpose: UFSPurpose
  /// Pages from here on are not asked for.
  private let end: UInt32
  private var queue: [PendingFill] = []
  private var isClosed = false
  private var isAbandoned = false
  private var announced: Range<Int64> = 0..<0
  private var pieceSize = firstPieceSize
  /// Who waits for the page at hand, while less than half of it is there.
  private var watch: FillWatch?
  private var task: Task<Void, Never>?
  private var idle: UnsafeContinuation<Void, Never>?
  /// Runs once, when everything pushed has ended.
  private let onEnd: (@Sendable () -> Void)?

  /// A flow over pages of `record` below `end`.
  init(
    _ files: FileService, _ record: FileRecord, end: UInt32, purpose: UFSPurpose,
    onEnd: (@Sendable () -> Void)? = nil
  ) {
    self.files = files
    self.record = record
    self.end = end
    self.purpose = purpose
    self.onEnd = onEnd
  }

  /// Starts the flow on `reactor`, which is the caller's.
  func start(on reactor: Reactor) {
    reactor.preconditionOnReactor()
    task = Task(executorPreference: reactor) { await self.run() }
  }

  /// Adds a page behind those that wait.
  func push(_ fill: PendingFill) {
    queue.append(fill)
    wake()
  }

  /// Says that nothing more will be pushed.
  func close() {
    isClosed = true
    wake()
  }

  /// Says that whoever pushed waits no more: only what others wait for is finished, and what is half there.
  ///
  /// A wait for the store ends with the last of those others.
  func abandon() {
    isAbandoned = true
    close()
    leaveWithTheLast()
  }

  /// Ends the wait for the store when nobody waits for the page at hand any more.
  private func leaveWithTheLast() {
    watch?.whenUnawaited { [task] in task?.cancel() }
  }

  private func wake() { unsafe idle.take()?.resume() }

  private func next() async -> PendingFill? {
    while queue.isEmpty {
      if isClosed { return nil }
      unsafe await withUnsafeContinuation { unsafe idle = $0 }
    }
    return queue.removeFirst()
  }

  private func run() async {
    var holder = ReaderHolder(purpose: purpose)
    while !Task.isCancelled, let page = await next() { await fill(page, &holder) }
    await holder.close()
    task = nil
    // Given up was the page at hand; others may wait for those behind it.
    if Task.isCancelled, !queue.isEmpty, let reactor = Reactor.current {
      return start(on: reactor)
    }
    onEnd?()
  }

  /// Brings one page, or ends its fill.
  private func fill(_ page: PendingFill, _ holder: inout ReaderHolder) async {
    guard let fill = page.takeFill() else { return }
    if let failure { return fill.fail(.source(failure)) }
    watch = fill.watch
    defer { watch = nil }
    if isAbandoned, fill.isAwaited { leaveWithTheLast() }
    do throws(UFSError) {
      if let end = try await read(page, fill, &holder) { return fill.fail(end) }
    } catch {
      // Given up, not refused: who came meanwhile asks for itself.
      if Task.isCancelled { return fill.fail(.abandoned) }
      failure = error
      if error.code == .changed || error.code == .notFound { files.forget(record.status.ufsPath) }
      return fill.fail(.source(error))
    }
    _ = fill.commit()
    page.takeGrant()?.commit()
    files.policies.note(record)
  }

  /// Reads the bytes of a page piece by piece; tells why it must not be kept, or nil.
  private func read(
    _ page: PendingFill, _ fill: borrowing PageFill, _ holder: inout ReaderHolder
  ) async throws(UFSError) -> FillFailure? {
    let buffer = unsafe fill.buffer
    let offset = Int64(page.index) * Int64(files.store.pageSize)
    var done = 0
    if isAbandoned, !fill.isAwaited { return .abandoned }
    guard let reactor = Reactor.current else {
      preconditionFailure("the read path runs on a reactor")
    }
    let reader = try await files.withReadDeadline(purpose, reactor) {
      () async throws(UFSError) -> any UFSReader in
      try await holder.reader(for: record)
    }
    announce(page, at: offset, to: reader)
    while done < page.length {
      if isAbandoned, done < page.length / 2, !fill.isAwaited { return .abandoned }
      // Whoever does not wait needs no pieces.
      let size = purpose == .demand || fill.isAwaited ? pieceSize : page.length
      let piece = done..<min(page.length, done + size)
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[piece])
      let position = offset + Int64(done)
      let outcome = try await files.withReadDeadline(purpose, reactor) {
        () async throws(UFSError) -> UFSRead in
        try await unsafe reader.read(into: target, at: position)
      }
      guard outcome.count == piece.count else {
        throw UFSError(
          .changed, operation: "worker.fill", path: record.status.ufsPath, cause: .rule(.shortRead))
      }
      files.counters.ufsRead(bytes: piece.count)
      guard outcome.isSettled else { return .source(UnsettledFill()) }
      pieceSize = Self.pieceSize
      done = piece.upperBound
      if done >= page.length / 2 { watch = nil }
      if done < page.length { fill.publish(upTo: done) }
    }
    return nil
  }

  /// Announces the run of missing pages that begins with `page`, unless that was done.
  private func announce(_ page: PendingFill, at offset: Int64, to reader: any UFSReader) {
    if announced.contains(offset) { return }
    announced = offset..<files.runEnd(of: record, from: page.index, end: end)
    reader.announce(announced)
  }
}

extension FileService {
  /// Where the pages end, as an offset, that follow `first` and are not cached; at most `most` bytes on, and not past page
  /// `end`.
  func runEnd(
    of record: FileRecord, from first: UInt32, end: UInt32, most: Int64 = PageFlow.announcedMax
  ) -> Int64 {
    let pageSize = Int64(store.pageSize)
    let most = UInt32(clamping: max(1, most / pageSize))
    var index = first + 1
    if let file = record.key {
      while index < end, index - first < most,
        !store.contains(PageKey(file: file, index: index))
      {
        index += 1
      }
    }
    return min(record.length, Int64(index) * pageSize)
  }

  /// Reserves page `index` of `record` for the caller to bring, if it is missing and there is room.
  ///
  /// Suspends.
  func reserve(
    _ record: FileRecord, _ index: UInt32, node: Int
  ) async -> PageReservation {
    guard let file = record.key else { preconditionFailure("pages belong to files") }
    let key = PageKey(file: file, index: index)
    if store.contains(key) { return .present }
    let length = pageLength(index, of: record.length)
    guard let grant = await policies.admit(record, length: length) else { return .rejected }
    // Ahead of need: who needs the page is turned away, and counted, when it asks itself.
    switch store.fill(
      key, length: length, node: node, traits: grant.traits, countsRejection: false)
    {
    case .hit: return .present
    case .stored: return .present
    case .join: return .present
    case .owner(let fill): return .owned(PendingFill(fill, grant, index: index))
    case .rejected: return .rejected
    }
  }
}
