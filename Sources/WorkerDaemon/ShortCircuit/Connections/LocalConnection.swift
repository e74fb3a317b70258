// One client of the domain socket, from its first byte to its last.
//
//   receive ─▶ FrameBuffer ─▶ frame ─┬─▶ answered at once (known files, hits, RELEASE, RENEW, PING) ─▶ output ─▶ one send
//      ▲                             └─▶ a task (other OPEN, misses, windows, large READ)          ─▶ output ─▶ one send
//      └── rests while requests in flight, or bytes the client does not take, are at their bound; lets others go first
//          when its frames were much work, and waits for the next second when its user's work is spent
//
// Everything is used on the connection's ring alone. Its end, for whatever reason, ends its leases first.

import CLinux
import Glibc
import LocalWire
import Model
import Ring
import Synchronization
import UFS

/// A connection; confined to its ring.
// SAFETY: made, used and ended by tasks of one reactor; `fileEnded`, which any thread calls, only hops there.
@safe final class LocalConnection: FileWatcher, @unchecked Sendable {
  /// Where the connection stands.
  enum State {
    /// HELLO has not come.
    case greeting
    /// It is served.
    case open
    /// GOAWAY was sent: no new requests.
    case leaving
    /// Nothing more is read, and nothing given.
    case ended
  }

  /// A file that the client has open.
  struct OpenHandle {
    let record: FileRecord
    let key: FileKey
    /// Whether the client was told that it is no longer the file's version.
    var isInvalidated = false
  }

  /// Bytes of frames that may wait to be looked at.
  static let inputSizeMax = FrameHead.size + ClientFrame.payloadMax + Reactor.providedSizeMax
  /// Bytes that the client has not taken, beyond which no more requests are.
  static let outputSizeMax = 256 << 10

  let shared: ShortCircuitShared
  let reactor: Reactor
  let ring: ShortCircuitRing
  let fd: Int32
  let peer: LocalPeer
  let account: UserAccount
  let mode: WelcomeFrame.Mode

  var state = State.greeting
  var input = FrameBuffer()
  private var isProcessing = false
  /// Whether frames wait for other connections' turns, or for the next second.
  private var isResting = false
  /// When the frame began that has not come whole, of the ring's clock.
  private(set) var frameBegunAt: UInt64?
  /// Bytes copied into the window since others had their turn.
  var copiedSize = 0
  /// Bytes copied into the window that are less than a unit of work.
  var unpaidSize = 0
  /// Requests in flight, and their tasks.
  var requests: [UInt64: Task<Void, Never>?] = [:]
  var handles: [UInt32: OpenHandle] = [:]
  /// Handles of each file that is open.
  var handleCounts: [FileKey: Int] = [:]
  var lastHandle: UInt32 = 0
  var book: LeaseBook?
  /// Arenas that the client knows.
  var regions: Set<UInt16> = []
  /// Frames of this turn.
  var output = FrameWriter()
  /// Descriptors that leave with the first of them.
  var beside = OutgoingDescriptors()
  /// What they give the client.
  var answered: [AnsweredBytes] = []
  var outbox: [OutgoingBytes] = []
  var outboxSize = 0
  var isSending = false
  private var onRoom: UnsafeContinuation<Void, Never>?
  private var onSent: UnsafeContinuation<Void, Never>?

  /// A connection that was accepted as `fd`, which it closes.
  init(
    _ fd: Int32, _ peer: LocalPeer, _ account: UserAccount, _ mode: WelcomeFrame.Mode,
    _ ring: ShortCircuitRing
  ) {
    self.fd = fd
    self.peer = peer
    self.account = account
    self.mode = mode
    self.ring = ring
    shared = ring.shared
    reactor = ring.reactor
  }

  /// Whether answers still make sense.
  var isServing: Bool { state == .open || state == .leaving }

  /// Serves the client until either side ends the connection; everything it held is free when this returns.
  func run() async {
    reactor.preconditionOnReactor()
    ring.awaitHello(of: self)
    while state != .ended {
      guard input.count < Self.inputSizeMax else {
        await waitForRoom()
        continue
      }
      let received = await reactor.receiveProvided(fd)
      if received.result > 0 { unsafe input.append(received.bytes) }
      if let id = received.bufferID { reactor.giveBack(id) }
      guard received.result > 0 else { break }
      process()
      // What was said before the client's end counts.
      while isResting, state != .ended { await waitForRoom() }
    }
    end(nil)
    while isSending { await unsafe withUnsafeContinuation { unsafe onSent = unsafe $0 } }
    Glibc.close(fd)
  }

  // MARK: Frames in

  /// Looks at the frames that have come, as far as the bounds allow.
  func process() {
    guard !isProcessing, !isResting else { return }
    isProcessing = true
    defer { isProcessing = false }
    var work = 0
    var isUnfinished = false
    do throws(LocalWireError) {
      while !isResting, state != .ended, requests.count < shared.settings.requestCountMax,
        outboxSize < Self.outputSizeMax
      {
        guard let (head, frame) = try input.nextFromClient() else {
          isUnfinished = input.count > 0
          break
        }
        frameBegunAt = nil
        let price = FramePrice.units(of: frame, slotCount: book?.slotCount ?? 0)
        take(frame, head.request, price)
        work += price
        if work >= FramePrice.turnMax { rest(for: nil) }
        // Many small answers leave in one send, and large ones before they pile up.
        if output.bytes.count >= Self.outputSizeMax { flush() }
      }
    } catch {
      breakOff("\(error)")
    }
    note(isUnfinished: isUnfinished)
    input.shrink()
    flush()
    makeRoom()
  }

  /// Notes whether the client has begun a frame of which the worker waits for the rest.
  private func note(isUnfinished: Bool) {
    guard isUnfinished, state != .ended, state != .greeting else { return frameBegunAt = nil }
    guard frameBegunAt == nil else { return }
    frameBegunAt = reactor.now
    ring.awaitFrames()
  }

  /// Ends the connection if its client has left a frame unfinished for too long.
  func endUnfinished(now: UInt64) {
    guard let begun = frameBegunAt, state != .ended else { return }
    let limit = shared.settings.frameTimeout
    guard now &- begun >= limit.nanoseconds else { return }
    breakOff("a frame that was begun is not whole after \(limit)")
  }

  /// Looks at no more frames for `time`, or until others had their turn.
  func rest(for time: Duration?) {
    guard !isResting else { return }
    isResting = true
    reactor.spawn { [self] in
      if let time {
        guard await reactor.sleep(for: time) else { return end(nil) }
      } else {
        await reactor.yield()
      }
      isResting = false
      process()
      if state == .leaving { leaveIfIdle() }
    }
  }

  /// Ends the connection if its client has not said HELLO by now.
  func endUngreeted() {
    guard state == .greeting else { return }
    shared.counters.count(.helloLate)
    end(ErrorFrame(.protocolBroken, "no HELLO came within \(shared.settings.helloTimeout)"))
  }

  /// Ends the connection because the client broke the protocol.
  func breakOff(_ why: String) {
    shared.counters.count(.broken)
    shared.warn(
      "protocol", reactor.now,
      "a client of the domain socket (user \(peer.user), process \(peer.process)) broke the protocol: \(why)"
    )
    end(ErrorFrame(.protocolBroken, why))
  }

  /// Begins a request that is answered later.
  func begin(_ request: UInt64, _ body: @escaping @Sendable (LocalConnection) async -> Void) {
    requests[request] = .some(nil)
    let task = Task(executorPreference: reactor) { [self] in
      await body(self)
      requests[request] = nil
      if state == .ended { return }
      flush()
      process()
      if state == .leaving { leaveIfIdle() }
    }
    requests[request] = .some(task)
  }

  private func waitForRoom() async {
    guard state != .ended else { return }
    await unsafe withUnsafeContinuation { unsafe onRoom = unsafe $0 }
  }

  /// Lets the receiving task go on.
  func makeRoom() {
    let waiting = unsafe onRoom
    unsafe onRoom = nil
    unsafe waiting?.resume()
  }

  /// Says that nothing is being sent any more.
  func finishSending() {
    isSending = false
    let waiting = unsafe onSent
    unsafe onSent = nil
    unsafe waiting?.resume()
  }

  // MARK: Ends

  /// Ends the connection: its leases at once, then the rest.
  ///
  /// Once; what was to be sent is still sent as far as the client takes it.
  func end(_ error: ErrorFrame?) {
    guard state != .ended else { return }
    if let error {
      shared.counters.refuse(error.code)
      WorkerFrame.error(error).write(0, to: &output)
    }
    let wasOpen = isServing
    state = .ended
    if let book {
      let count = book.endAll()
      shared.counters.count(.leaseEnded, count)
      shared.counters.uncount(.held, count)
      // Table and window go now, whoever still holds the connection.
      self.book = nil
    }
    for handle in handles.values { shared.files.watch.remove(self, from: handle.key) }
    shared.handleCount.subtract(handles.count, ordering: .relaxed)
    (handles, handleCounts) = ([:], [:])
    for task in requests.values { task?.cancel() }
    if wasOpen {
      shared.counters.uncount(.open)
      if mode == .shared { shared.counters.uncount(.openShared) }
    }
    account.leave()
    flush()
    // Wakes the receiving task; a client that reads still gets what was sent.
    shutdown(fd, Int32(SHUT_RD))
    if !isSending { shutdown(fd, Int32(SHUT_WR)) }
    ring.remove(self)
    makeRoom()
  }

  /// Sends nothing more, not even what was written.
  func cut() { shutdown(fd, Int32(SHUT_RDWR)) }

  /// Tells the client that the worker goes in `left`, and takes no more requests.
  func leave(_ left: Duration) {
    guard state == .open else {
      if state == .greeting { end(ErrorFrame(.stopping, "the worker stops")) }
      return
    }
    state = .leaving
    WorkerFrame.goAway(reason: 1, left: UInt32(clamping: left.nanoseconds / 1_000_000))
      .write(0, to: &output)
    flush()
    leaveIfIdle()
  }

  /// Ends the connection because the worker stops: its leases first, of which the client is told.
  func stop() {
    if isServing, let book, book.heldCount > 0 {
      let ended = book.revoke(book.marks)
      shared.counters.count(.leaseRevoked, ended.count)
      shared.counters.uncount(.held, ended.count)
      WorkerFrame.revoked(RevokedFrame(.stopping, ended)).write(0, to: &output)
    }
    end(nil)
  }

  /// Ends a connection that the worker leaves and that holds nothing.
  func leaveIfIdle() {
    guard state == .leaving, requests.isEmpty, book?.heldCount ?? 0 == 0 else { return }
    end(nil)
  }

  // MARK: News of files

  func fileEnded(_ file: FileKey, _ reason: InvalidatedFrame.Reason) {
    reactor.spawn { [self] in
      guard isServing else { return }
      for (number, handle) in handles where handle.key == file { invalidate(number, reason) }
      flush()
    }
  }

  /// Tells the client, once, that `number` is no longer the file's version.
  func invalidate(_ number: UInt32, _ reason: InvalidatedFrame.Reason) {
    guard handles[number]?.isInvalidated == false else { return }
    handles[number]?.isInvalidated = true
    shared.counters.count(.invalidated)
    WorkerFrame.invalidated(InvalidatedFrame(handle: number, reason: reason)).write(0, to: &output)
  }
}
