// The receiving half of a connection: one thread reads for all, and hands out what it finds.

import Glibc
import LocalWire
import Ring
import Synchronization

extension LocalConnection {
  /// Reads for everybody, or sleeps while another thread does; false once `deadline` has passed.
  ///
  /// The monitor is held before and after, not meanwhile.
  @discardableResult
  func step(until deadline: UInt64) -> Bool {
    let now = monotonicNow()
    guard now < deadline else { return false }
    if state.isReading {
      state.waiterCount += 1
      monitor.wait(until: min(deadline, now &+ 1_000_000_000))
      state.waiterCount -= 1
      return true
    }
    state.isReading = true
    state.readingTurn &+= 1
    monitor.unlock()
    let failure = read(waits: true)
    monitor.lock()
    finishReading(failure)
    return true
  }

  /// Lets the next thread read; the monitor is held.
  func finishReading(_ failure: ClientError?) {
    state.isReading = false
    if let failure, state.failure == nil {
      state.failure = failure
      hasEnded.store(true, ordering: .relaxed)
      state.tickets = [:]
      stream.shut()
      LocalKeeper.forget(self)
    }
    if state.waiterCount > 0 || failure != nil { monitor.wakeAll() }
  }

  /// Receives once and hands out every whole frame; only the thread that set `isReading` may.
  func read(waits: Bool) -> ClientError? {
    do throws(ClientError) {
      try flush()
      if try dispatchAll() > 0 { return nil }
      let received =
        if waits {
          unsafe try stream.receive(spinning: options.spin) { unsafe buffer.append($0) }
        } else {
          unsafe try stream.receive { unsafe buffer.append($0) }
        }
      switch received {
      case .bytes:
        monitor.withLock { state.heardAt = monotonicNow() }
        _ = try dispatchAll()
      case .nothing: if waits { try checkSilence() }
      case .ended:
        _ = try dispatchAll()
        return ClientError(.unavailable, path, "the worker closed the connection")
      }
      return nil
    } catch {
      return error
    }
  }

  /// Pings a silent worker, and gives up one that stays silent.
  private func checkSilence() throws(ClientError) {
    let silence = monotonicNow() &- monitor.withLock { state.heardAt }
    let (limit, overflow) = options.keepaliveTime.addingReportingOverflow(options.keepaliveTimeout)
    if !overflow, silence > limit {
      throw .silent(path, for: silence)
    }
    guard silence > options.keepaliveTime else { return }
    let isAsked = monitor.withLock { state.tickets.values.contains { $0.thing == "ping" } }
    // Sent by the reader itself: a full socket would not empty while it waits for room.
    if !isAsked { try submitPing() }
  }

  private func submitPing() throws(ClientError) {
    var writer = FrameWriter()
    monitor.withLock {
      state.tickets[state.nextRequest] = unsafe LocalTicket("ping")
      ClientFrame.ping.write(state.nextRequest, to: &writer)
      state.nextRequest &+= 1
    }
    try send(writer.take(), waits: false)
  }

  /// Hands out every whole frame; returns their number.
  private func dispatchAll() throws(ClientError) -> Int {
    var count = 0
    while let (head, frame) = try nextFrame() {
      try dispatch(head, frame)
      count += 1
    }
    return count
  }

  private func nextFrame() throws(ClientError) -> (FrameHead, WorkerFrame)? {
    do throws(LocalWireError) {
      return try buffer.nextFromWorker()
    } catch {
      throw .broken("\(error)")
    }
  }

  private func dispatch(_ head: FrameHead, _ frame: WorkerFrame) throws(ClientError) {
    switch frame {
    case .region(let region): try take(region)
    case .revoked(let revoked):
      counters.addRevoked(revoked.marks.count)
      registry.giveUp(Set(revoked.marks), isEnded: true)
    case .wanted(_, let marks): registry.giveUp(Set(marks), isEnded: false)
    case .invalidated(let news): registry.invalidate(news)
    case .goAway: monitor.withLock { state.isLeaving = true }
    case .welcome: throw .broken("WELCOME twice")
    case .error(let error) where head.request == 0:
      throw ClientError(error.code, path, error.message, after: error.retryAfter)
    default: try answer(head, frame)
    }
  }

  private func take(_ region: RegionFrame) throws(ClientError) {
    guard let descriptor = stream.takeDescriptor() else { throw .broken("REGION without memory") }
    defer { Glibc.close(descriptor) }
    let mapping = try MappedRegion(descriptor, count: region.size, what: "region")
    let number = Int(region.region)
    let isNew = monitor.withLock { () -> Bool in
      while state.regions.count <= number { state.regions.append(nil) }
      guard state.regions[number] == nil else { return false }
      state.regions[number] = mapping
      return true
    }
    guard isNew else { throw .broken("REGION \(number) twice") }
  }

  private func answer(_ head: FrameHead, _ frame: WorkerFrame) throws(ClientError) {
    guard let ticket = monitor.withLock({ state.tickets[head.request] }) else {
      return giveBack(frame)
    }
    let answer = try answer(of: ticket, head, frame)
    let isWanted = monitor.withLock { () -> Bool in
      guard state.tickets[head.request] === ticket else { return false }
      if case .leased(let pages, _) = frame { ticket.pages += pages }
      if case .opened(let opened) = frame { ticket.opened = opened }
      guard let answer else { return true }
      ticket.answer = answer
      state.tickets[head.request] = nil
      return true
    }
    // Given up meanwhile: a file keeps the leases that it took.
    if !isWanted, ticket.file == nil { giveBack(frame) }
  }

  /// What is no longer wanted may still come: leases among it, and handles, are given back.
  private func giveBack(_ frame: WorkerFrame) {
    switch frame {
    case .leased(let pages, _): release(pages)
    case .opened(let opened) where opened.handle != 0:
      post([.close(handle: opened.handle)], isReader: true)
    default: break
    }
  }

  /// What `frame` answers; nil when more is to come.
  private func answer(
    of ticket: LocalTicket, _ head: FrameHead, _ frame: WorkerFrame
  ) throws(ClientError) -> LocalTicket.Answer? {
    switch frame {
    case .error(let error):
      return .failure(
        ClientError(error.code, ticket.thing, error.message, after: error.retryAfter))
    case .opened(let opened):
      guard ticket.isOpening else { throw .broken("OPENED for another request") }
      return opened.isLeaseBehind ? nil : .frame(frame)
    case .leased(let pages, let left):
      if let opened = monitor.withLock({ ticket.opened }) {
        guard pages.count == 1, pages[0].page == 0, left == 0 else {
          throw .broken("an OPEN leases its first page alone")
        }
        return .frame(.opened(opened))
      }
      guard let file = ticket.file else { throw .broken("LEASED for another request") }
      guard monitor.withLock({ ticket.pages.count }) + pages.count <= LeaseFrame.pageCountMax
      else { throw .broken("LEASED of more pages than were asked for") }
      try file.take(pages)
      return left == 0 ? .frame(frame) : nil
    case .data(let data):
      guard let destination = unsafe ticket.destination, data.count <= destination.count
      else { throw .broken("DATA of more bytes than asked for") }
      unsafe buffer.withLastPayload(of: head) { payload in
        // SAFETY: the frame's range was checked against its payload, and its count against the destination.
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: payload[data.range])
        unsafe destination.copyMemory(from: bytes)
      }
      return .data(count: data.count)
    default: return .frame(frame)
    }
  }

  /// Gives leases back that nobody took.
  func release(_ pages: [LeasedPage]) {
    let marks = pages.filter { $0.failure == nil }.map(\.mark)
    if !marks.isEmpty { post([.release(marks)], isReader: true) }
  }
}
