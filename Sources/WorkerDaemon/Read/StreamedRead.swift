// One request's way through the pages of a file: what is missing is brought by a flow, a few pages ahead of the client.

import Model
import PageStore
import Ring
import UFS

/// The state of one request that reads a range; used by its task alone.
final class StreamedRead {
  /// Pages that are reserved ahead of the one being sent.
  private static let aheadMax: UInt32 = 4

  private let files: FileService
  private let record: FileRecord
  private let reactor: Reactor
  /// The bytes of the request.
  private let range: Range<Int64>
  /// The page behind the last one.
  private let end: UInt32
  private var holder = ReaderHolder()
  private var flow: PageFlow?
  /// The first page that the flow was not asked for.
  private var next: UInt32 = 0
  /// Whether the store keeps giving pages ahead.
  private var hasRoom = true
  /// Whether something was read past the store, and what follows announced.
  private var hasPassed = false
  /// Pages that its flow brings and that were not sent yet.
  private var own: Set<UInt32> = []
  /// Whether a failure of somebody else's fill was met.
  private var hasRepeated = false

  /// The last page that a load has and does not get on with: the rest of it is read past the store.
  var latePage: UInt32?

  /// Longest wait for the next bytes of a load's page: the half second is spent once, not page by page.
  var loadPatience: Duration {
    latePage == nil ? FileService.loadPatience : FileService.lateLoadPatience
  }

  /// A request for `range` of `record`.
  init(_ files: FileService, _ record: FileRecord, _ range: Range<Int64>, _ reactor: Reactor) {
    self.files = files
    self.record = record
    self.range = range
    self.reactor = reactor
    end = UInt32(clamping: (range.upperBound - 1) / Int64(files.store.pageSize) + 1)
  }

  /// Whether a page of `length` bytes is better streamed than read whole.
  private func streams(_ length: Int) -> Bool {
    length > PageFlow.firstPieceSize
      && !record.place.ufs.capabilities.contains(.readsAhead)
  }

  /// Bytes of page `index`, of which `wanted` will be used; past the store when that `isTried`.
  ///
  /// - Throws: What the UFS says.
  func access(
    _ index: UInt32, wanted: Range<Int>, isTried: Bool
  ) async throws(UFSError) -> PageAccess {
    if let failure = flow?.failure {
      guard failure.code != .changed else { throw failure }
      // It may have failed pages ahead: what is here is sent, and what is not is tried once more.
      flow?.close()
      flow = nil
    }
    if !hasPassed {
      let offset = Int64(index) * Int64(files.store.pageSize) + Int64(wanted.lowerBound)
      holder.rest = offset..<range.upperBound
    }
    if isTried {
      let access = try await files.passThrough(record, index, wanted: wanted, reader: &holder)
      hasPassed = true
      return access
    }
    let access = try await files.access(
      record, page: index, wanted: wanted, waitsForRoom: false, reader: &holder, stream: self)
    if holder.rest == nil { hasPassed = true }
    if flow != nil { await fillAhead(of: index) }
    if index > 0 { own.remove(index - 1) }
    return access
  }

  /// Takes over a fill, when its page is one to stream; else nil and the caller brings it.
  func begin(
    _ fill: consuming PageFill, _ grant: consuming FillGrant, index: UInt32
  ) -> StreamedFill {
    guard unsafe streams(fill.buffer.count), let waiter = fill.join() else {
      return .whole(fill, grant)
    }
    let flow = flow ?? start()
    flow.push(PendingFill(fill, grant, index: index))
    own.insert(index)
    next = max(next, index + 1)
    return .streamed(waiter)
  }

  /// Whether the failed fill of page `index` was another one's, whose failure says little of ours; true once.
  func mayRepeat(_ index: UInt32) -> Bool {
    guard own.remove(index) == nil, !hasRepeated else { return false }
    hasRepeated = true
    return true
  }

  private func start() -> PageFlow {
    let flow = PageFlow(files, record, end: end, purpose: .demand)
    flow.start(on: reactor)
    self.flow = flow
    return flow
  }

  /// Reserves the pages behind `index` that are missing, a few of them.
  private func fillAhead(of index: UInt32) async {
    next = max(next, index + 1)
    let limit = min(end, index + 1 + Self.aheadMax)
    while hasRoom, next < limit, flow?.failure == nil {
      switch await files.reserve(record, next, node: reactor.node) {
      case .owned(let fill):
        flow?.push(fill)
        own.insert(next)
      case .present: break
      case .rejected:
        hasRoom = false
        return
      }
      next += 1
    }
  }

  /// Ends the request; one that did not reach its end leaves nothing to be brought for it.
  func finish(isComplete: Bool) async {
    if isComplete { flow?.close() } else { flow?.abandon() }
    flow = nil
    await holder.close()
  }
}

/// What became of a fill that a request owned.
enum StreamedFill: ~Copyable {
  /// A flow brings it; the request waits like everybody else.
  case streamed(FillWaiter)
  /// The request brings it.
  case whole(PageFill, FillGrant)
}
