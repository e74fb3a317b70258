// LEASE, RELEASE and RENEW: pages in memory are leased at once; what must be brought or copied is, in a task.

import Glibc
import LocalWire
import Model
import PageStore
import Ring
import UFS

extension LocalConnection {
  /// Pages of one request that are brought at the same time.
  private static let bringCountMax = 4
  /// Bytes copied into the window, behind which a ring looks at others first.
  private static let copySizeMax = 1 << 20

  // MARK: LEASE

  func lease(_ frame: LeaseFrame, _ request: UInt64) {
    shared.counters.count(.requestLease)
    guard let handle = handles[frame.handle] else {
      return refuse(.invalid, "no handle \(frame.handle)", to: request)
    }
    let record = handle.record
    let batch = LeaseBatch(frame, pageCount: shared.files.pageCount(of: record.length))
    observe(frame, record)
    let isInPlace = mode == .shared && !frame.isIntoWindow && record.decision.isCached
    if isInPlace, !record.isAgeDue(shared.files.policies.now) {
      leaseResident(batch, handle.key, record)
    }
    guard let first = batch.next else { return reply(.leased(batch.pages), to: request) }
    batch.position = first
    batch.settle(upTo: first)
    begin(request) { connection in
      connection.report(batch, to: request)
      await connection.bring(batch, frame, record, handle.key, request)
      connection.report(batch, to: request)
    }
  }

  /// Tells of the pages of `batch` that are done and have not been told of, as far as they follow each other.
  private func report(_ batch: LeaseBatch, to request: UInt64) {
    guard isServing, let news = batch.news() else { return }
    reply(.leased(news.pages, left: news.left), to: request)
    // Whoever waits for the first of them need not wait for the last. What the client does not take waits as before.
    flush()
  }

  /// Lets the pages behind be read ahead, as for any reader.
  private func observe(_ frame: LeaseFrame, _ record: FileRecord) {
    guard !frame.isCachedOnly, record.decision.isCached else { return }
    let pageSize = Int64(shared.files.store.pageSize)
    for range in frame.ranges where Int64(range.lowerBound) * pageSize < record.length {
      let offset = Int64(range.lowerBound) * pageSize
      let count = min(Int64(range.count) * pageSize, record.length - offset)
      shared.files.readAhead.observe(record, offset, count, shared.files, on: reactor)
    }
  }

  /// Leases pages that are in memory, from the batch's position up to the first that is not.
  func leaseResident(_ batch: LeaseBatch, _ file: FileKey, _ record: FileRecord) {
    while let place = batch.next {
      let key = PageKey(file: file, index: batch.pages[place].page)
      guard let lease = shared.files.store.hold(key, now: reactor.now) else { return }
      batch.pages[place] = give(lease, page: key.index, source: .memory)
      batch.done(place)
    }
  }

  /// Leases a page of the store in place.
  private func give(
    _ lease: consuming PageLease, page: UInt32, source: PageSource
  ) -> LeasedPage {
    guard let book else { return LeasedPage(page: page, failure: .other, source: source) }
    let (count, node) = (lease.count, lease.node)
    switch book.give(lease, now: reactor.now) {
    case .refused(let code):
      shared.counters.refuse(code)
      return LeasedPage(page: page, failure: code, source: source)
    case .leased(let mark, let region, let offset, let length):
      announce(region)
      noteGiven()
      if source == .memory { shared.files.counters.cachedRead(bytes: count) }
      shared.files.counters.pageRead(bytes: count, node: node)
      return LeasedPage(
        page: page, mark: mark, region: region, source: source, offset: offset, count: length)
    }
  }

  private func noteGiven() {
    shared.counters.count(.leaseGiven)
    shared.counters.count(.held)
    ring.noteLease()
  }

  /// Gives the client the descriptor of an arena, once.
  private func announce(_ region: UInt16) {
    guard !regions.contains(region), let (frame, arena) = self.region(region) else { return }
    write([(.region(frame), 0)], descriptors: [arena.descriptor], of: [arena])
  }

  /// What is to be told of an arena, which counts as told; nil when there is none of that number.
  func region(_ region: UInt16) -> (frame: RegionFrame, arena: Arena)? {
    let arenas = shared.files.store.arenas.arenas
    guard region >= 1, Int(region) <= arenas.count else { return nil }
    regions.insert(region)
    let arena = arenas[Int(region) - 1]
    return (
      RegionFrame(
        region: region, node: Int32(clamping: arena.node), size: UInt64(arena.capacity)), arena
    )
  }

  // MARK: Pages that are brought

  /// Brings what is left of `batch`, a few pages at a time.
  private func bring(
    _ batch: LeaseBatch, _ frame: LeaseFrame, _ record: FileRecord, _ file: FileKey,
    _ request: UInt64
  ) async {
    let count = min(Self.bringCountMax, batch.left)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<count {
        group.addTask(executorPreference: reactor) { [self] in
          var holder = ReaderHolder()
          while let place = batch.claim() {
            guard isServing, !Task.isCancelled else {
              batch.pages[place] = LeasedPage(
                page: batch.pages[place].page,
                failure: Task.isCancelled ? .cancelled : .stopping)
              batch.settle(place)
              continue
            }
            await bring(place, of: batch, frame, record, file, &holder)
            batch.settle(place)
            report(batch, to: request)
            if copiedSize >= Self.copySizeMax {
              copiedSize = 0
              await reactor.yield()
            }
          }
          await holder.close()
        }
      }
    }
  }

  /// Brings one page of `batch` and leases it.
  private func bring(
    _ place: Int, of batch: LeaseBatch, _ frame: LeaseFrame, _ record: FileRecord, _ file: FileKey,
    _ holder: inout ReaderHolder
  ) async {
    let page = batch.pages[place].page
    let key = PageKey(file: file, index: page)
    guard !frame.isCachedOnly || shared.files.store.contains(key) else {
      batch.pages[place] = LeasedPage(page: page, failure: .notCached)
      return
    }
    guard book?.hasSlot ?? false else {
      shared.counters.refuse(.noSlot)
      batch.pages[place] = LeasedPage(page: page, failure: .noSlot)
      return
    }
    let isInPlace = mode == .shared && !frame.isIntoWindow
    if let page = leaseWithoutRoom(key, record, isInPlace: isInPlace) {
      batch.pages[place] = page
      return
    }
    do throws(UFSError) {
      batch.pages[place] = try await bring(key, record, isInPlace: isInPlace, &holder)
    } catch {
      note(error)
      let code = Task.isCancelled ? LocalCode.cancelled : error.localCode
      shared.counters.refuse(code)
      batch.pages[place] = LeasedPage(page: page, failure: code)
    }
  }

  /// What becomes of a page of the store while the window has no room for it: a lease in place, or none; nil when it is to
  /// be brought as any other.
  ///
  /// Else a reader of a large file on disk, who asks for more pages than its window takes, has each of them read several times.
  private func leaseWithoutRoom(
    _ key: PageKey, _ record: FileRecord, isInPlace: Bool
  ) -> LeasedPage? {
    let store = shared.files.store
    let length = shared.files.pageLength(key.index, of: record.length)
    guard record.decision.isCached, !record.isAgeDue(shared.files.policies.now),
      book?.window?.hasRoom(for: length) == false, store.contains(key)
    else { return nil }
    if isInPlace, let lease = store.hold(key, now: reactor.now) {
      return give(lease, page: key.index, source: .memory)
    }
    return full(key, .disk)
  }

  private func bring(
    _ key: PageKey, _ record: FileRecord, isInPlace: Bool, _ holder: inout ReaderHolder
  ) async throws(UFSError) -> LeasedPage {
    let length = shared.files.pageLength(key.index, of: record.length)
    var window: WindowFill?
    while window?.filled ?? 0 < length {
      let done = window?.filled ?? 0
      let access = try await shared.files.access(
        record, page: key.index, wanted: done..<length, waitsForRoom: done == 0, reader: &holder)
      guard isServing else { return LeasedPage(page: key.index, failure: .stopping) }
      switch consume access {
      case .hit(let lease):
        if isInPlace, window == nil { return give(lease, page: key.index, source: .memory) }
        let piece = unsafe UnsafeRawBufferPointer(rebasing: lease.bytes[done...])
        guard unsafe copy(piece, of: length, to: &window, .memory) else {
          return full(key, .memory)
        }
      case .filled(let lease):
        if isInPlace, window == nil { return give(lease, page: key.index, source: .filled) }
        let piece = unsafe UnsafeRawBufferPointer(rebasing: lease.bytes[done...])
        guard unsafe copy(piece, of: length, to: &window, .filled) else {
          return full(key, .filled)
        }
      case .transient(let page):
        let piece = unsafe UnsafeRawBufferPointer(rebasing: page.bytes[done...])
        guard unsafe copy(piece, of: length, to: &window, .past) else { return full(key, .past) }
      case .stored(let buffer):
        shared.files.counters.pageRead(bytes: buffer.count, node: buffer.node)
        guard unsafe copy(buffer.bytes, of: length, to: &window, .disk) else {
          return full(key, .disk)
        }
      case .passedThrough(let buffer):
        guard unsafe copy(buffer.bytes, of: length, to: &window, .past) else {
          return full(key, .past)
        }
      case .filling: return LeasedPage(page: key.index, failure: .other)
      }
    }
    guard let window else { return LeasedPage(page: key.index, failure: .other) }
    return give(window, page: key.index)
  }

  /// Puts bytes behind those of `window`, which is made for a page of `length` when there is none; false without room.
  private func copy(
    _ bytes: UnsafeRawBufferPointer, of length: Int, to window: inout WindowFill?,
    _ source: PageSource
  ) -> Bool {
    if window == nil {
      guard let own = book?.window, let units = own.take(length) else { return false }
      window = WindowFill(own, units: units, length: length, source: source)
    }
    unsafe window?.append(bytes)
    copiedSize += bytes.count
    unpaidSize += bytes.count
    let units = FramePrice.units(ofBytes: unpaidSize)
    if units > 0 {
      unpaidSize -= FramePrice.size(ofUnits: units)
      account.take(units, now: reactor.now)
    }
    return true
  }

  private func full(_ key: PageKey, _ source: PageSource) -> LeasedPage {
    shared.counters.refuse(.noRoom)
    return LeasedPage(page: key.index, failure: .noRoom, source: source)
  }

  /// Leases a page that lies in the window.
  private func give(_ window: WindowFill, page: UInt32) -> LeasedPage {
    guard let book else { return LeasedPage(page: page, failure: .other) }
    let source = window.source
    switch book.give(window.takeUnits(), count: window.length, now: reactor.now) {
    case .refused(let code):
      shared.counters.refuse(code)
      return LeasedPage(page: page, failure: code, source: source)
    case .leased(let mark, let region, let offset, let length):
      noteGiven()
      if source == .memory || source == .disk {
        shared.files.counters.cachedRead(bytes: window.length)
      }
      return LeasedPage(
        page: page, mark: mark, region: region, source: source, offset: offset, count: length)
    }
  }

  // MARK: RELEASE and RENEW

  func release(_ marks: [LeaseMark]) {
    guard let book else { return }
    let count = book.end(marks)
    shared.counters.count(.leaseReleased, count)
    shared.counters.uncount(.held, count)
    if state == .leaving { leaveIfIdle() }
  }

  func renew(_ marks: [LeaseMark], _ request: UInt64) {
    shared.counters.count(.requestRenew)
    guard let book else { return }
    // One whose time is over already is not saved by asking late.
    expire(now: reactor.now)
    book.renew(marks, now: reactor.now)
    reply(
      .renewed(
        held: UInt32(clamping: book.heldCount),
        term: UInt32(clamping: book.limits.term / 1_000_000)), to: request)
  }

  // MARK: Time and want

  /// Ends leases whose time is over, and tells the client.
  func expire(now: UInt64) {
    guard isServing, let book else { return }
    let (term, hold) = book.expire(now: now)
    shared.counters.count(.leaseTermExpired, term.count)
    shared.counters.count(.leaseHoldExpired, hold.count)
    shared.counters.uncount(.held, term.count + hold.count)
    if !term.isEmpty { WorkerFrame.revoked(RevokedFrame(.term, term)).write(0, to: &output) }
    if !hold.isEmpty { WorkerFrame.revoked(RevokedFrame(.hold, hold)).write(0, to: &output) }
    if term.isEmpty, hold.isEmpty { return }
    flush()
    if state == .leaving { leaveIfIdle() }
  }

  /// Asks the client for memory that the store is short of, and takes it when the grace is over.
  func want() {
    guard isServing, let book else { return }
    let wanted = book.want(now: reactor.now)
    guard !wanted.isEmpty else { return }
    let grace = shared.settings.grace
    shared.counters.count(.wanted, wanted.count)
    WorkerFrame.wanted(grace: UInt32(clamping: grace.nanoseconds / 1_000_000), wanted)
      .write(0, to: &output)
    flush()
    reactor.spawn { [self] in
      guard await reactor.sleep(for: grace), isServing, let book = self.book else { return }
      let revoked = book.revoke(wanted)
      guard !revoked.isEmpty else { return }
      shared.counters.count(.leaseRevoked, revoked.count)
      shared.counters.uncount(.held, revoked.count)
      WorkerFrame.revoked(RevokedFrame(.memory, revoked)).write(0, to: &output)
      flush()
      if state == .leaving { leaveIfIdle() }
    }
  }
}
