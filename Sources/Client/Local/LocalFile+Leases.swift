// Getting leases and letting them go.

import LocalWire
import Synchronization

extension LocalFile {
  /// Most pages asked for ahead at a time while they are not cached.
  private static let coldBatch: UInt32 = 8

  /// Sees to it that `page` is leased, and asks for the pages behind it at once; false when there is no room for a lease.
  ///
  /// `last` is the last page that the reader wants now.
  func obtain(_ page: UInt32, through last: UInt32) throws(ClientError) -> Bool {
    for attempt in 0..<3 {
      if let ticket = state.withLock({ $0.asked[page] }) {
        _ = try wait(for: ticket, page)
        if state.withLock({ $0.pages[page] != nil }) { return true }
        if state.withLock({ $0.asked[page] === ticket }) { forget(ticket) }
      }
      switch try ask(page, through: last) {
      case nil: return true
      case .noSlot, .noRoom:
        guard attempt < 2, connection.registry.count > 0 else { return false }
        connection.registry.shrink()
      case .some(let code): throw ClientError(code, path)
      }
    }
    return false
  }

  /// Waits for the answer about `page`; what is refused as a whole may be asked for again.
  private func wait(for ticket: LocalTicket, _ page: UInt32) throws(ClientError) -> LocalCode? {
    do throws(ClientError) {
      return try connection.wait(for: ticket, page: page)
    } catch {
      forget(ticket)
      throw error
    }
  }

  private func forget(_ ticket: LocalTicket) {
    state.withLock { state in
      state.asked = state.asked.filter { $0.value !== ticket }
    }
  }

  /// Asks for `page` and what follows and waits for `page`; the code says why it could not be leased.
  private func ask(_ page: UInt32, through last: UInt32) throws(ClientError) -> LocalCode? {
    let batch = UInt32(connection.options.leaseBatch)
    let end = min(last, page + min(batch, pageCount - page) - 1) + 1
    connection.registry.makeRoom(for: Int(end - page), in: self, max: roomMax)
    let ticket = unsafe LocalTicket(path, file: self)
    let (wanted, ahead) = state.withLock { state -> (Range<UInt32>, Range<UInt32>) in
      let isFollowing = page == state.missEnd || page == 0
      state.missCount += 1
      // A reader of one page of one file should not pin 64.
      let aheadEnd = state.missCount > 1 ? end + min(batch, pageCount - end) : end
      state.missEnd = aheadEnd
      if isFollowing {
        state.aheadEnd = aheadEnd
        reader.trigger.store(aheadEnd > end ? end : .max, ordering: .relaxed)
      }
      for index in page..<end { state.asked[index] = ticket }
      return (page..<end, end..<aheadEnd)
    }
    var requests = [
      (ClientFrame.lease(LeaseFrame(handle: opened.handle, ranges: [wanted])), ticket)
    ]
    if let more = request(ahead, isCachedOnly: true) { requests.append(more) }
    try submit(requests)
    return try wait(for: ticket, page)
  }

  /// Sends requests; pages that could not be asked for may be asked for again.
  private func submit(_ requests: [(ClientFrame, LocalTicket)]) throws(ClientError) {
    do throws(ClientError) {
      try connection.submit(requests)
    } catch {
      for (_, ticket) in requests { forget(ticket) }
      throw error
    }
  }

  /// Most leases that all files may hold.
  private var roomMax: Int {
    min(Int(connection.welcome.leases), connection.options.leaseCountMax)
  }

  /// A request for those pages of `range` that are neither leased nor asked for; nil when there are none or there is no room.
  private func request(
    _ range: Range<UInt32>, isCachedOnly: Bool
  ) -> (ClientFrame, LocalTicket)? {
    guard !range.isEmpty, connection.registry.count + range.count <= roomMax else { return nil }
    let ticket = unsafe LocalTicket(path, file: self)
    let ranges = state.withLock { state -> [Range<UInt32>] in
      var ranges: [Range<UInt32>] = []
      for page in range where state.pages[page] == nil && state.asked[page] == nil {
        state.asked[page] = ticket
        if let last = ranges.last, last.upperBound == page {
          ranges[ranges.count - 1] = last.lowerBound..<page + 1
        } else {
          ranges.append(page..<page + 1)
        }
      }
      return ranges
    }
    guard !ranges.isEmpty else { return nil }
    let frame = LeaseFrame(handle: opened.handle, ranges: ranges, isCachedOnly: isCachedOnly)
    return (.lease(frame), ticket)
  }

  /// Asks for the next batch while the reader is in this one, and gives back what lies behind it.
  func askAhead(of page: UInt32) {
    let batch = UInt32(connection.options.leaseBatch)
    let plan = state.withLock {
      state -> (ahead: Range<UInt32>, isCold: Bool, marks: [LeaseMark])? in
      guard page >= reader.trigger.load(ordering: .relaxed) else { return nil }
      let count = state.isCold ? min(batch, Self.coldBatch) : batch
      let start = max(state.aheadEnd, page + 1)
      if state.isCold, start - page > 3 * Self.coldBatch {
        reader.trigger.store(page + 1, ordering: .relaxed)
        return nil
      }
      guard start < pageCount else {
        reader.trigger.store(.max, ordering: .relaxed)
        return (0..<0, false, [])
      }
      let end = start + min(count, pageCount - start)
      reader.trigger.store(state.isCold ? (page + 1) : state.aheadEnd, ordering: .relaxed)
      state.aheadEnd = end
      return (start..<end, state.isCold, Self.takeBehind(page, &state))
    }
    guard let plan else { return }
    var frames: [ClientFrame] = []
    if !plan.marks.isEmpty {
      connection.registry.add(-plan.marks.count)
      frames = releases(of: plan.marks)
    }
    connection.post(frames)
    guard let request = request(plan.ahead, isCachedOnly: !plan.isCold) else { return }
    do throws(ClientError) {
      try submit([request])
    } catch {
      // Whoever needs the pages asks for them and learns why.
    }
  }

  /// Takes out the leases on pages before `page` that nobody looks at.
  private static func takeBehind(_ page: UInt32, _ state: inout State) -> [LeaseMark] {
    var marks: [LeaseMark] = []
    for (index, held) in state.pages where index < page && held.viewCount == 0 {
      marks.append(held.mark)
      state.letGo(index)
    }
    return marks
  }

  /// Leases all pages of `ranges` that can be had; a hint, so what fails is left to the reads.
  func lease(_ ranges: [Range<UInt32>]) throws(ClientError) {
    let batch = UInt32(connection.options.leaseBatch)
    let count = ranges.reduce(0) { $0 + $1.count }
    connection.registry.makeRoom(for: min(count, roomMax), in: self, max: roomMax)
    var tickets: [LocalTicket] = []
    for range in ranges.map({ $0.clamped(to: 0..<pageCount) }) {
      var start = range.lowerBound
      while start < range.upperBound {
        let end = start + min(batch, range.upperBound - start)
        if let request = request(start..<end, isCachedOnly: false) {
          try submit([request])
          tickets.append(request.1)
        }
        start = end
      }
    }
    var failure: ClientError?
    for ticket in tickets {
      do throws(ClientError) {
        _ = try connection.wait(for: ticket)
      } catch {
        forget(ticket)
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }

  /// Takes the lease on the first page that came with the file, if one did.
  func takeFirst(_ leased: [LeasedPage]) throws(ClientError) {
    guard !leased.isEmpty else { return }
    try take(leased)
    state.withLock { state in
      guard state.pages[0] != nil else { return }
      // As if it had been asked for: who goes on with the second page is a reader of the whole.
      state.missEnd = 1
      state.missCount = 1
    }
  }

  /// Takes what LEASED brought; called by whichever thread reads the socket.
  func take(_ leased: [LeasedPage]) throws(ClientError) {
    var news: [(UInt32, Held)] = []
    news.reserveCapacity(leased.count)
    var regions: (UInt16, MappedRegion?) = (.max, nil)
    for entry in leased where entry.failure == nil {
      guard Int(entry.mark.slot) < connection.words.count, entry.page < pageCount,
        Int(entry.count) == size(of: entry.page)
      else { throw .broken("a lease on a page that is none") }
      if regions.0 != entry.region { regions = (entry.region, try connection.region(entry.region)) }
      guard let address = unsafe regions.1?.address(entry.offset, count: Int(entry.count)) else {
        throw .broken("a lease outside its region")
      }
      news.append(
        (
          entry.page,
          unsafe Held(
            address: address, count: Int(entry.count), mark: entry.mark, source: entry.source)
        ))
    }
    let missed = leased.contains { $0.failure == .notCached }
    let filled = news.contains { $0.1.source == .filled || $0.1.source == .past }
    let (added, back) = state.withLock { state -> (Int, [LeaseMark]) in
      for entry in leased { state.asked[entry.page] = nil }
      if missed || filled { state.isCold = true } else if !news.isEmpty { state.isCold = false }
      return insert(news, &state)
    }
    connection.registry.add(added)
    connection.counters.addLeases(news.count)
    if !back.isEmpty { connection.post(releases(of: back), isReader: true) }
  }

  private func insert(_ news: [(UInt32, Held)], _ state: inout State) -> (Int, [LeaseMark]) {
    guard !state.isClosed else { return (0, news.map(\.1.mark)) }
    var added = 0
    var back: [LeaseMark] = []
    for (page, held) in news {
      if let old = state.pages[page] {
        guard !connection.words.isLive(old.mark) else {
          back.append(held.mark)
          continue
        }
      } else {
        added += 1
      }
      state.hold(page, held)
      state.order.append(page)
    }
    // Most leases of a sequential reader leave by another way than `releaseOldest`.
    if state.order.count > 2 * state.pages.count + 1024 {
      state.order = state.pages.keys.sorted()
      state.orderStart = 0
    }
    return (added, back)
  }

  /// Forgets the lease `mark` on `page`, which has ended.
  func drop(_ page: UInt32, _ mark: LeaseMark) {
    let isGone = state.withLock { state -> Bool in
      guard state.pages[page]?.mark == mark else { return false }
      state.letGo(page)
      return true
    }
    if isGone { connection.registry.add(-1) }
  }

  /// Gives back at least `count` leases that nobody looks at, oldest first, if there are as many; returns their number.
  func releaseOldest(_ count: Int) -> Int {
    let marks = state.withLock { state -> [LeaseMark] in
      var marks: [LeaseMark] = []
      var kept: [UInt32] = []
      while marks.count < count, state.orderStart < state.order.count {
        let page = state.order[state.orderStart]
        state.orderStart += 1
        guard let held = state.pages[page] else { continue }
        if held.viewCount > 0 {
          kept.append(page)
          continue
        }
        marks.append(held.mark)
        state.letGo(page)
      }
      state.order.append(contentsOf: kept)
      if state.orderStart > 1024 {
        state.order.removeFirst(state.orderStart)
        state.orderStart = 0
      }
      return marks
    }
    guard !marks.isEmpty else { return 0 }
    connection.registry.add(-marks.count)
    connection.post(releases(of: marks))
    return marks.count
  }

  /// Gives back those of `marks` that nobody looks at; of those that have `isEnded` the worker need not hear.
  func giveUp(_ marks: Set<LeaseMark>, isEnded: Bool) {
    let given = state.withLock { state -> [LeaseMark] in
      let pages = state.pages.filter { marks.contains($0.value.mark) && $0.value.viewCount == 0 }
      for page in pages.keys { state.letGo(page) }
      return pages.values.map(\.mark)
    }
    guard !given.isEmpty else { return }
    connection.registry.add(-given.count)
    if !isEnded { connection.post(releases(of: given), isReader: true) }
  }

  /// The leases that are looked at.
  var viewed: [LeaseMark] {
    state.withLock { state in state.pages.values.filter { $0.viewCount > 0 }.map(\.mark) }
  }
}
