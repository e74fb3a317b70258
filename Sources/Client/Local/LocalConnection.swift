// A connection to the worker of this host: requests of many threads over one socket.
//
//   thread A: send ─ wait ─ is nobody reading? read for all ─ my answer ─ hand over ─ done
//   thread B:   send ─ wait ─ ········· sleep ·········· woken with its answer, or to read in turn
//   keeper:     sleeps while threads read; else waits for what the worker says unasked, and renews leases
//
// There is no thread between a caller and its answer: the caller that waits reads the socket itself.

import Glibc
import LocalWire
import Model
import Ring
import Synchronization

/// A connection and the memory that came with it.
final class LocalConnection: @unchecked Sendable {
  // SAFETY: `state` is touched with the monitor held; `buffer` and the stream's receiving side by whoever set `isReading`;
  // `registry` has a lock of its own; everything else never changes after `init`.

  /// Longest that a worker may take to greet, in nanoseconds.
  private static let greetingTimeMax: UInt64 = 10_000_000_000

  /// Where the socket is.
  let path: String
  /// What the worker granted.
  let welcome: WelcomeFrame
  let words: LeaseWords
  let counters: ClientCounters
  let options: ClientOptions
  let registry = LocalRegistry()
  private let table: MappedRegion
  let stream: LocalStream
  let monitor = Monitor()
  let outbox = Mutex(LocalOutbox())
  let born: Int
  /// Views in place now, and whether leases were used since they were renewed last.
  let viewCount = Atomic<Int>(0)
  let isUsed = Atomic<Bool>(false)
  /// Whether the connection has ended: then nothing is read of its memory any more, so that a dead worker's can be freed.
  let hasEnded = Atomic<Bool>(false)

  /// What changes with the monitor held.
  struct State {
    var tickets: [UInt64: LocalTicket] = [:]
    var nextRequest: UInt64 = 1
    var isReading = false
    /// Times that a thread began to read.
    var readingTurn: UInt64 = 0
    var waiterCount = 0
    var failure: ClientError?
    var window: LateRegion?
    /// The arenas by their number; nothing at 0.
    var regions: [MappedRegion?] = [nil]
    var isLeaving = false
    var heardAt: UInt64 = 0
    var renewAt: UInt64 = 0
  }

  var state = State()
  var buffer = FrameBuffer()

  /// Connects to `path` and greets the worker; `worker` is the one that must answer there, nil for any.
  ///
  /// `first` leaves with the greeting, and its answer is on its way while the greeting's is read.
  /// - Throws: `unavailable`, `denied`, `mismatch`, `protocolBroken`.
  init(
    path: String, worker: WorkerIdentity?, options: ClientOptions, counters: ClientCounters,
    first: (ClientFrame, LocalTicket)? = nil
  ) throws(ClientError) {
    self.path = path
    self.options = options
    self.counters = counters
    born = ForkGeneration.now
    stream = try LocalStream(path: path)
    if let users = options.workerUsers { try stream.check(path, servedBy: users) }
    var writer = FrameWriter()
    let hello = HelloFrame(
      leases: UInt32(clamping: options.leaseCountMax), window: options.windowSize,
      worker: worker, cluster: options.cluster)
    ClientFrame.hello(hello).write(1, to: &writer)
    if let first {
      first.0.write(2, to: &writer)
      state.tickets[2] = first.1
      counters.addRequest()
    }
    let time = Patience.left(atMost: Self.greetingTimeMax)
    let hail = writer.take()
    // A new socket has room for a greeting. A worker that refuses says why before it is asked, and closes.
    let sentCount = try? stream.sendSome(hail[...])
    // While the worker is at it.
    try LocalKeeper.prepare()
    let (welcome, waiting) = try Self.greeting(
      stream, path: path, within: time, spin: options.spin)
    guard sentCount == hail.count else {
      throw ClientError(.unavailable, path, "the greeting did not fit the socket")
    }
    guard welcome.version == 1 else {
      throw ClientError(.mismatch, path, "the worker speaks version \(welcome.version)")
    }
    guard welcome.leases > 0, welcome.requests > 0 else {
      throw .broken("WELCOME grants no leases or requests")
    }
    guard let first = stream.takeDescriptor() else {
      throw .broken("WELCOME without a lease table")
    }
    defer { Glibc.close(first) }
    table = try MappedRegion(
      first, count: UInt64(welcome.leases) * UInt64(LeaseWord.size), what: "lease table")
    words = unsafe LeaseWords(table.base, count: Int(welcome.leases))
    if welcome.window > 0 {
      guard let second = stream.takeDescriptor() else {
        throw .broken("WELCOME without its window")
      }
      state.window = try LateRegion(second, count: welcome.window, what: "window")
    }
    self.welcome = welcome
    buffer = waiting
    state.nextRequest = 3
    state.heardAt = monotonicNow()
    state.renewAt = state.heardAt &+ UInt64(max(welcome.term, 30)) * 1_000_000 / 3
    counters.addConnection()
  }

  /// Waits for WELCOME; returns it and what came behind it.
  private static func greeting(
    _ stream: LocalStream, path: String, within time: UInt64, spin: UInt64
  ) throws(ClientError) -> (WelcomeFrame, FrameBuffer) {
    let deadline = monotonicNow() &+ time
    var buffer = FrameBuffer()
    while true {
      let received = unsafe try stream.receive(spinning: spin) { unsafe buffer.append($0) }
      let next: (FrameHead, WorkerFrame)?
      do throws(LocalWireError) {
        next = try buffer.nextFromWorker()
      } catch {
        throw .broken("\(error)")
      }
      switch next?.1 {
      case .welcome(let welcome): return (welcome, buffer)
      case .error(let frame):
        throw ClientError(frame.code, path, frame.message, after: frame.retryAfter)
      case .some: throw .broken("a frame before WELCOME")
      case nil: break
      }
      if case .ended = received {
        throw ClientError(.unavailable, path, "the worker closed the connection")
      }
      guard monotonicNow() < deadline else { throw .silent(path, for: time) }
    }
  }

  /// Whether requests can still be made here.
  var isUsable: Bool {
    guard ForkGeneration.isSame(born) else { return false }
    return monitor.withLock { state.failure == nil && !state.isLeaving }
  }

  /// The mapped region of that number; nil when the worker has told of none.
  ///
  /// - Throws: `system` when the window, which is mapped when it is first asked for, cannot be.
  func region(_ number: UInt16) throws(ClientError) -> MappedRegion? {
    monitor.lock()
    defer { monitor.unlock() }
    guard number > 0 else { return try state.window?.mapped() }
    return Int(number) < state.regions.count ? state.regions[Int(number)] : nil
  }

  /// Sends frames that nobody answers; the thread that reads may not wait for room, and says so.
  func post(_ frames: [ClientFrame], isReader: Bool = false) {
    guard !frames.isEmpty, ForkGeneration.isSame(born) else { return }
    var writer = FrameWriter()
    let isAlive = monitor.withLock {
      for frame in frames {
        frame.write(state.nextRequest, to: &writer)
        state.nextRequest &+= 1
      }
      return state.failure == nil
    }
    guard isAlive else { return }
    do throws(ClientError) {
      try send(writer.take(), waits: !isReader)
    } catch {
      fail(error)
    }
  }

  /// Sends requests in one go, each with its ticket.
  ///
  /// Waits while as many are in flight as the worker allows.
  func submit(_ requests: [(ClientFrame, LocalTicket)]) throws(ClientError) {
    var writer = FrameWriter(capacity: 64 * requests.count)
    var begin: UInt64 = 0
    monitor.lock()
    while state.failure == nil, !state.tickets.isEmpty,
      state.tickets.count + requests.count > Int(welcome.requests)
    {
      if begin == 0 { begin = monotonicNow() }
      guard step(until: Patience.deadline) else {
        let error = late(path, since: begin)
        giveUp(requests.map(\.1), error)
        monitor.unlock()
        throw error
      }
    }
    if let failure = state.failure {
      giveUp(requests.map(\.1), failure)
      monitor.unlock()
      throw failure
    }
    for (frame, ticket) in requests {
      let request = state.nextRequest
      state.nextRequest &+= 1
      state.tickets[request] = ticket
      frame.write(request, to: &writer)
      counters.addRequest()
    }
    monitor.unlock()
    do throws(ClientError) {
      try send(writer.take())
    } catch {
      fail(error)
      throw error
    }
  }

  /// Sends `frame` and waits for its answer.
  func call(_ frame: ClientFrame, _ ticket: LocalTicket) throws(ClientError) -> LocalTicket.Answer {
    try submit([(frame, ticket)])
    return try wait(for: ticket)
  }

  /// Waits until the lease on `page` that `ticket` asked for was answered; the other pages may still be to come.
  ///
  /// - Returns: why there is no lease; nil when there is one.
  /// - Throws: as `wait(for:)`.
  func wait(for ticket: LocalTicket, page: UInt32) throws(ClientError) -> LocalCode? {
    let answer = try wait(for: ticket) { ticket in ticket.pages.contains { $0.page == page } }
    switch answer {
    case nil, .frame(.leased): break
    default: throw .broken("another answer than LEASED")
    }
    let own = monitor.withLock { ticket.pages.first { $0.page == page } }
    guard let own else { throw .broken("LEASED without the page that was asked for") }
    return own.failure
  }

  /// Waits for the answer of `ticket`.
  ///
  /// - Throws: what the worker answered instead, or the connection's end.
  func wait(for ticket: LocalTicket) throws(ClientError) -> LocalTicket.Answer {
    guard let answer = try wait(for: ticket, orUntil: { _ in false }) else {
      throw .broken("an answer is missing")
    }
    return answer
  }

  /// Waits for the answer of `ticket`, or until `isEnough`, which is asked with the monitor held; nil then.
  private func wait(
    for ticket: LocalTicket, orUntil isEnough: (LocalTicket) -> Bool
  ) throws(ClientError) -> LocalTicket.Answer? {
    let begin = monotonicNow()
    let deadline = Patience.deadline(in: options.retryBudget)
    monitor.lock()
    while ticket.answer == nil, state.failure == nil {
      if isEnough(ticket) {
        monitor.unlock()
        return nil
      }
      guard step(until: deadline) else {
        let error = late(ticket.thing, since: begin)
        let frames = withdraw(ticket)
        giveUp([ticket], error)
        if unsafe ticket.destination != nil { awaitReader() }
        monitor.unlock()
        post(frames)
        throw error
      }
    }
    if ticket.answer == nil, unsafe ticket.destination != nil { awaitReader() }
    let answer = ticket.answer
    let failure = state.failure
    monitor.unlock()
    switch answer {
    case .failure(let error): throw error
    case .some(let answer): return answer
    case nil: throw failure ?? .broken("an answer is missing")
    }
  }

  /// What is wrong with a worker that has not answered since `begin`; the monitor is held.
  private func late(_ thing: String, since begin: UInt64) -> ClientError {
    let time = monotonicNow() &- begin
    let isHeard = state.heardAt > begin && state.heardAt &- begin > time / 2
    return isHeard ? .unanswered(thing, for: time) : .silent(thing, for: time)
  }

  /// Tells those who wait for `tickets` that nobody answers them any more; the monitor is held.
  private func giveUp(_ tickets: [LocalTicket], _ error: ClientError) {
    for ticket in tickets where ticket.answer == nil { ticket.answer = .failure(error) }
    if state.waiterCount > 0 { monitor.wakeAll() }
  }

  /// Takes a request back, whose answer is thrown away from now on; the monitor is held.
  ///
  /// - Returns: what to tell the worker.
  private func withdraw(_ ticket: LocalTicket) -> [ClientFrame] {
    guard let request = state.tickets.first(where: { $0.value === ticket })?.key else { return [] }
    state.tickets[request] = nil
    let handle = ticket.opened?.handle ?? 0
    return [.cancel(request: request)] + (handle != 0 ? [.close(handle: handle)] : [])
  }

  /// Waits until who reads now has done so, who might be copying to a ticket's destination; the monitor is held.
  ///
  /// Who reads next finds no such ticket.
  private func awaitReader() {
    let turn = state.readingTurn
    while state.isReading, state.readingTurn == turn {
      state.waiterCount += 1
      monitor.wait(until: monotonicNow() &+ 1_000_000_000)
      state.waiterCount -= 1
    }
  }

  /// Ends the connection; whoever waits gets `error`.
  func fail(_ error: ClientError) {
    monitor.lock()
    if state.failure == nil {
      state.failure = error
      hasEnded.store(true, ordering: .relaxed)
      // In a child the socket is the parent's too, who goes on using it.
      if ForkGeneration.isSame(born) { stream.shut() }
    }
    state.tickets = [:]
    monitor.wakeAll()
    monitor.unlock()
    LocalKeeper.forget(self)
  }

  /// Ends the connection for good.
  func close() { fail(ClientError(.closed, path, "the client was closed")) }
}
