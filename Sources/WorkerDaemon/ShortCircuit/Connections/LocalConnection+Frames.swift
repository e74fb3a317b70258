// What each frame of a client comes to.

import Glibc
import LocalWire
import Model
import PageStore
import Ring
import Synchronization
import UFS

extension LocalConnection {
  /// Takes one frame, which costs `price`.
  func take(_ frame: ClientFrame, _ request: UInt64, _ price: Int) {
    if state == .greeting {
      guard case .hello(let hello) = frame else {
        return breakOff("the first frame is no HELLO")
      }
      guard account.take(price, now: reactor.now) else {
        return end(ErrorFrame(.tooMany, spent, retryAfter: UInt32(secondLeft)))
      }
      return greet(hello, request)
    }
    if frame.kind.isAnswered {
      guard requests[request] == nil else {
        return breakOff("request \(request) is in flight already")
      }
      guard account.take(price, now: reactor.now) else {
        return refuse(.tooMany, spent, to: request, retryAfter: UInt32(secondLeft))
      }
      if state == .leaving, frame.kind != .renew, frame.kind != .ping {
        return refuse(.stopping, "the worker stops", to: request)
      }
    } else if !account.take(price, now: reactor.now) {
      // Nobody could be told to come again: what is given back is taken, and the rest waits.
      shared.counters.refuse(.tooMany)
      rest(for: .milliseconds(secondLeft))
    }
    switch frame {
    case .hello: breakOff("HELLO came twice")
    case .open(let open): self.open(open, request)
    case .close(let handle): close(handle)
    case .lease(let lease): self.lease(lease, request)
    case .release(let marks): release(marks)
    case .renew(let marks): renew(marks, request)
    case .read(let read): self.read(read, request)
    case .cancel(let target): requests[target]??.cancel()
    case .ping:
      shared.counters.count(.requestPing)
      reply(.pong, to: request)
    }
  }

  private var spent: String {
    "the requests of user \(peer.user) cost more than \(shared.settings.userRequestRateMax) units in this second"
  }

  /// Milliseconds until a user's units count anew.
  private var secondLeft: Int { 1000 - Int(reactor.now / 1_000_000 % 1000) }

  // MARK: HELLO

  private func greet(_ hello: HelloFrame, _ request: UInt64) {
    let settings = shared.settings
    guard hello.versions.contains(1) else {
      return end(ErrorFrame(.mismatch, "this worker speaks version 1 of the protocol alone"))
    }
    if let worker = hello.worker, worker != shared.identity {
      return end(ErrorFrame(.mismatch, "this is the worker \(shared.identity.hex)"))
    }
    if !hello.cluster.isEmpty, !hello.cluster.utf8.elementsEqual(shared.clusterName.utf8) {
      return end(ErrorFrame(.mismatch, "this is a worker of the cluster \(shared.clusterName)"))
    }
    let wanted = hello.leases == 0 ? settings.leases : Int(clamping: hello.leases)
    let limits = LeaseBook.Limits(
      slots: min(wanted, settings.leaseCountMax), share: shared.share,
      term: settings.term.nanoseconds, holdMax: settings.holdMax.nanoseconds)
    let windowSize = min(Int(clamping: hello.window), settings.windowMax)
    let book: LeaseBook
    do throws(RingError) {
      let made = try ring.spares.take(table: limits.slots * LeaseWord.size, window: windowSize)
      book = LeaseBook(
        limits, memory: shared.memory, table: made.table,
        window: made.window.map { LeaseWindow($0, budget: shared.windows) })
    } catch {
      shared.warn(
        "memory", reactor.now,
        "a client of the domain socket was turned away, as its lease table or window cannot be made: \(error.sentence)"
      )
      return end(ErrorFrame(.other, "no memory for the lease table", retryAfter: 1000))
    }
    self.book = book
    state = .open
    shared.counters.count(.welcomed)
    shared.counters.count(.open)
    if mode == .shared { shared.counters.count(.openShared) }
    let welcome = WelcomeFrame(
      version: 1, mode: mode, pageSize: UInt32(clamping: shared.files.store.pageSize),
      leases: UInt32(limits.slots), term: UInt32(clamping: limits.term / 1_000_000),
      holdMax: UInt32(clamping: limits.holdMax / 1_000_000),
      requests: UInt32(clamping: settings.requestCountMax),
      window: UInt64(book.window?.size ?? 0), worker: shared.identity, cluster: shared.clusterName)
    let memories = [book.table] + (book.window.map { [$0.memory] } ?? [])
    let arenas = mode == .shared ? regionsOfWelcome() : []
    write(
      [(.welcome(welcome), request)] + arenas.map { (.region($0.frame), 0) },
      descriptors: memories.map(\.descriptor) + arenas.map(\.arena.descriptor),
      of: memories + arenas.map(\.arena))
  }

  /// The arenas that are told with WELCOME: as many as have room among its descriptors, or none.
  private func regionsOfWelcome() -> [(frame: RegionFrame, arena: Arena)] {
    let count = shared.files.store.arenas.arenas.count
    guard count <= 2 else { return [] }
    return (0..<count).compactMap { region(UInt16($0 + 1)) }
  }

  // MARK: OPEN and CLOSE

  private func open(_ frame: OpenFrame, _ request: UInt64) {
    shared.counters.count(.requestOpen)
    // A zero would end the path early where the system takes it.
    guard !frame.path.isEmpty, !frame.path.utf8.contains(0) else {
      return refuse(.invalid, "the path is empty, or has a zero in it", to: request)
    }
    let isFull =
      handles.count >= shared.settings.handleCountMax
      || shared.handleCount.load(ordering: .relaxed) >= ShortCircuitShared.handleCountMax
    guard frame.isStatusOnly || !isFull else {
      return refuse(.tooMany, "too many handles are open: close some", to: request)
    }
    // Of what is known nobody need be asked, and a task would cost more than the answer.
    if let record = shared.files.knownRecord(
      of: frame.path, isUFSPath: frame.kind == .ufs, for: Self.use(of: frame))
    {
      return answer(frame, record, to: request)
    }
    begin(request) { connection in await connection.open(frame, as: request) }
  }

  private static func use(of frame: OpenFrame) -> StatusUse {
    frame.isStatusOnly ? .metadata : .data
  }

  private func open(_ frame: OpenFrame, as request: UInt64) async {
    let use = Self.use(of: frame)
    do throws(UFSError) {
      let record =
        frame.kind == .alluxio
        ? try await shared.files.record(ofAlluxioPath: frame.path, for: use)
        : try await shared.files.record(ofUFSPath: frame.path, for: use)
      guard isServing else { return }
      answer(frame, record, to: request)
    } catch {
      refuse(error, path: frame.path, to: request)
    }
  }

  private func answer(_ frame: OpenFrame, _ record: FileRecord, to request: UInt64) {
    let opened = opened(record, frame)
    let first = opened.isLeaseBehind ? firstPage(of: record) : nil
    reply(.opened(opened), to: request)
    if let first { reply(.leased([first]), to: request) }
  }

  /// A lease on the first page of `record`, if that takes no time.
  private func firstPage(of record: FileRecord) -> LeasedPage {
    let batch = LeaseBatch(LeaseFrame(handle: 0, ranges: [0..<1]), pageCount: 1)
    if mode == .shared, let key = record.key, record.decision.isCached,
      !record.isAgeDue(shared.files.policies.now)
    {
      leaseResident(batch, key, record)
    }
    return batch.next == nil ? batch.pages[0] : LeasedPage(page: 0, failure: .notCached)
  }

  /// The answer about `record`, with a handle for a file unless only the status is wanted.
  private func opened(_ record: FileRecord, _ frame: OpenFrame) -> OpenedFrame {
    var handle: UInt32 = 0
    if let key = record.key, !frame.isStatusOnly {
      repeat { lastHandle &+= 1 } while lastHandle == 0 || handles[lastHandle] != nil
      handle = lastHandle
      handles[handle] = OpenHandle(record: record, key: key)
      handleCounts[key, default: 0] += 1
      shared.handleCount.add(1, ordering: .relaxed)
      shared.files.watch.add(self, to: record)
      // What happened between the question and the watch is told now.
      if !record.isFresh(now: 0, validity: .max) { invalidate(handle, .changed) }
    }
    return OpenedFrame(
      handle: handle, isDirectory: record.key == nil, length: max(0, record.length),
      modifiedAt: record.status.modificationTime.dividedDown(by: 1_000_000),
      key: record.key ?? FileKey(high: 0, low: 0),
      pageSize: UInt32(clamping: shared.files.store.pageSize), entityTag: record.entityTag,
      isLeaseBehind: frame.isLeasing && handle != 0 && record.length > 0)
  }

  private func close(_ number: UInt32) {
    guard let handle = handles.removeValue(forKey: number) else { return }
    shared.handleCount.subtract(1, ordering: .relaxed)
    let others = (handleCounts[handle.key] ?? 1) - 1
    handleCounts[handle.key] = others > 0 ? others : nil
    guard others <= 0 else { return }
    shared.files.watch.remove(self, from: handle.key)
  }

  // MARK: Failures

  /// Answers `request` with what the UFS said.
  func refuse(_ error: UFSError, path: String, to request: UInt64) {
    guard isServing else { return }
    if Task.isCancelled { return refuse(.cancelled, "cancelled", to: request) }
    note(error)
    let retryAfter: UInt32 =
      switch error.code {
      case .unavailable, .throttled: 1000
      case .changed: 10
      default: 0
      }
    refuse(error.localCode, "\(error)", to: request, retryAfter: retryAfter)
  }

  /// Logs what an operator should hear of.
  func note(_ error: UFSError) {
    guard error.concernsOperators else { return }
    shared.warn(
      shared.files.failures.word(of: error), reactor.now,
      "a request over the domain socket failed: \(error)")
  }
}

extension UFSError {
  /// The code that stands for this failure in the short-circuit protocol.
  var localCode: LocalCode {
    switch code {
    case .notFound: .notFound
    case .denied, .escapesMount: .refused
    case .unavailable, .throttled, .io: .unavailable
    case .changed: .changed
    case .isDirectory, .notDirectory, .invalid, .unsupported: .invalid
    case .exists, .notEmpty, .noSpace: .other
    }
  }
}
