// One thread, one io_uring, one task executor: ordinary async code runs on the ring's own thread.
//
//   other threads ──RemoteJobs──▶ ┌ tick ────────────────────────────────────────────────┐
//                                 │ take remote jobs · run ≤ 512 jobs                    │
//   eventfd wakes a parked ring ▶ │ fire timers · submit (park if nothing to do) · reap  │
//                                 └──────────────────────────────────────────────────────┘
//
// A ring for background work, such as loads, runs jobs for 50 µs and then gives its CPU to whoever serves there.
//
// Goals: an await costs no allocation; a request never leaves its ring; an idle ring parks.
// Non-goals: fairness between tasks beyond that and first-in first-out; being an actor's executor (see evidence: each await would
// hop through the global pool). Ring-local state is confined to the thread; methods check it.

import CLinux
import Glibc
import Synchronization

/// A pinned thread that owns one io_uring and runs Swift tasks between its completions.
// SAFETY: everything mutable is confined to the reactor's thread, but for the members of Synchronization types.
@safe package final class Reactor: TaskExecutor, @unchecked Sendable {
  /// Jobs run between two looks at the ring.
  private static let jobsPerTick = 512
  /// Slice of the thread's CPU time, nanoseconds: the least that the kernel takes.
  private static let sliceTime: UInt64 = 100_000
  /// As that of a thread that nobody waits for: longer, so that it never goes first, but a turn that it gives up costs it little.
  private static let backgroundSliceTime: UInt64 = 200_000
  /// How long such a thread runs jobs before others have their turn, nanoseconds.
  private static let backgroundTurnTime: UInt64 = 50_000
  /// Storage operations are submitted once this many are prepared, so that the device never idles on a batch.
  static let eagerSubmitCount: UInt32 = 4

  /// 0-based number of the ring in its group.
  package let index: Int
  package let options: Options
  package var node: Int { options.node }
  /// Whether nobody waits for what it does.
  package let isBackground: Bool

  /// Monotonic nanoseconds, taken once per tick.
  package private(set) var now: UInt64 = 0
  /// Turns of the loop so far.
  package private(set) var tickCount: UInt64 = 0

  var ring: IOUring
  var operations: OperationTable
  var timers = TimerQueue()
  var providedBuffers: ProvidedBuffers?
  var fixedFiles = FixedFileTable()
  var fixedBuffers = FixedBufferTable()
  var arenas: ArenaSet?
  var jobs = JobQueue()
  /// True while completions are delivered.
  private var isReaping = false
  /// Completions taken while others were being delivered.
  private var aside: [io_uring_cqe] = []
  private var slotWaiters: [UnsafeContinuation<Void, Never>] = unsafe []
  /// Tasks that let others go first.
  var yielded: [UnsafeContinuation<Void, Never>] = unsafe []

  private let remote = RemoteJobs()
  private let isParked = Atomic<Bool>(false)
  private let isStopping = Atomic<Bool>(false)
  private let wakeDescriptor: Int32
  private let wakeCounter: UnsafeMutablePointer<UInt64>
  private let start = StartSignal()
  private let thread = Mutex<pthread_t?>(nil)

  /// Creates the reactor and its ring and starts its thread; returns when the thread is ready to run jobs.
  ///
  /// - Throws: `.unavailable` when io_uring cannot be used; `.system` when a descriptor or thread cannot be had.
  package init(index: Int = 0, options: Options = Options()) throws(RingError) {
    self.index = index
    self.options = options
    isBackground = if case .background = options.duty { true } else { false }
    ring = try IOUring(
      .init(
        submissionEntries: options.submissionEntries, completionEntries: options.completionEntries))
    operations = OperationTable(capacity: options.operationCountMax)
    wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC))
    unsafe wakeCounter = .allocate(capacity: 1)
    guard wakeDescriptor >= 0 else {
      throw RingError(.system, operation: "ring.eventfd", errno: errno)
    }
    try startThread()
    try start.wait()
  }

  deinit {
    Glibc.close(wakeDescriptor)
    unsafe wakeCounter.deallocate()
  }

  /// The reactor whose thread is calling, nil on any other thread.
  package static var current: Reactor? {
    guard let pointer = unsafe pen_reactor_get() else { return nil }
    return unsafe Unmanaged<Reactor>.fromOpaque(pointer).takeUnretainedValue()
  }

  /// True on the reactor's own thread.
  @inline(__always)
  package var isCurrent: Bool {
    unsafe pen_reactor_get() == Unmanaged.passUnretained(self).toOpaque()
  }

  /// Traps unless called on the reactor's thread.
  @inline(__always)
  package func preconditionOnReactor() {
    precondition(isCurrent, "ring-local state is used on its reactor's thread")
  }

  // MARK: TaskExecutor

  /// Takes a job: at the end of the local queue on the reactor's thread, through the locked list from elsewhere.
  package func enqueue(_ job: consuming ExecutorJob) {
    let unowned = UnownedJob(job)
    if isCurrent {
      jobs.append(unowned)
    } else {
      remote.append(unowned)
      wakeIfParked()
    }
  }

  /// Runs `body` on this reactor and waits for its result; callable from anywhere.
  package func run<T: Sendable>(_ body: @escaping @Sendable () async -> T) async -> T {
    await Task(executorPreference: self) { await body() }.value
  }

  /// Starts `body` on this reactor without waiting for it; callable from anywhere.
  package func spawn(_ body: @escaping @Sendable () async -> Void) {
    _ = Task(executorPreference: self) { await body() }
  }

  /// Operations in flight.
  ///
  /// Reactor's thread only.
  package var inFlightCount: Int { operations.inFlightCount }
  /// Completions that came after their slot was reused; each was dropped.
  ///
  /// Reactor's thread only.
  package var staleCompletionCount: UInt64 { operations.staleCount }

  // MARK: Stopping

  /// Whether `stop` was called: tasks that wait again and again end.
  package var isStopped: Bool { isStopping.load(ordering: .relaxed) }

  /// Cancels what is in flight, lets the tasks on the ring end, and joins the thread.
  ///
  /// Call from another thread, once nothing starts new work on this reactor.
  package func stop() {
    precondition(!isCurrent, "a reactor is stopped from another thread")
    isStopping.store(true, ordering: .sequentiallyConsistent)
    wake()
    if let handle = thread.withLock({ $0.take() }) { pthread_join(handle, nil) }
  }

  // MARK: Thread

  private func startThread() throws(RingError) {
    var handle = pthread_t()
    let box = unsafe Unmanaged.passRetained(self)
    let rc = unsafe pthread_create(
      &handle, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let reactor = unsafe Unmanaged<Reactor>.fromOpaque(argument).takeRetainedValue()
        unsafe pen_reactor_set(argument)
        reactor.main()
        pen_reactor_set(nil)
        return nil
      }, box.toOpaque())
    guard rc == 0 else {
      unsafe box.release()
      throw RingError(.system, operation: "ring.thread", errno: rc)
    }
    thread.withLock { $0 = handle }
  }

  private func main() {
    unsafe pen_thread_name("\(options.name)-\(index)")
    // A CPU that cannot be had (a cpuset that changed) costs locality, not correctness.
    if let cpu = options.cpu { _ = pen_pin_thread(Int32(cpu)) }
    // A thread of a listing or of the job store on the same CPU would keep clients waiting for its whole slice, 3 ms; a
    // kernel that refuses costs latency, not correctness.
    switch options.duty {
    case .serving: _ = pen_short_slice(Self.sliceTime)
    case .steady: break
    case .background(let niceness):
      _ = pen_short_slice(Self.backgroundSliceTime)
      _ = pen_be_nicer(Int32(clamping: niceness))
    }
    do throws(RingError) {
      try ring.enable()
      try registerTables()
    } catch {
      start.finish(.failure(error))
      return
    }
    refreshNow()
    armWake()
    start.finish(.success(()))
    loop()
  }

  private func registerTables() throws(RingError) {
    providedBuffers = unsafe try ProvidedBuffers(
      ring: ring.ring, count: options.providedBufferCount)
    unsafe fixedFiles.register(ring: ring.ring, count: options.fixedFileCount)
    unsafe fixedBuffers.register(ring: ring.ring, count: options.fixedBufferCount)
    // Bounded first, then unbounded, which stays. A kernel that refuses keeps its own limit.
    var counts: (UInt32, UInt32) = (options.workerCountMax, 0)
    _ = unsafe withUnsafeMutablePointer(to: &counts) { pointer in
      unsafe io_uring_register_iowq_max_workers(
        ring.ring, UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: UInt32.self))
    }
  }

  private func loop() {
    while true {
      tickCount &+= 1
      remote.drain(into: &jobs)
      if isBackground { runJobsBriefly() } else { runJobs() }
      timers.fire(now: now)
      resumeYielded()
      if isStopping.load(ordering: .relaxed), stopStep() { return }
      if jobs.isEmpty, parkAndSubmit() {
        // parked and woken
      } else {
        _ = ring.submitAndPoll()
      }
      refreshNow()
      reap()
    }
  }

  private func runJobs() {
    var budget = Self.jobsPerTick
    while budget > 0, let job = jobs.popFirst() {
      unsafe job.runSynchronously(on: asUnownedTaskExecutor())
      budget -= 1
    }
  }

  /// Runs jobs for a short time, one at least, and lets others on this CPU go.
  ///
  /// Without that they would wait until the kernel next looks who is due, up to 4 ms.
  private func runJobsBriefly() {
    let end = monotonicNow() &+ Self.backgroundTurnTime
    while let job = jobs.popFirst() {
      unsafe job.runSynchronously(on: asUnownedTaskExecutor())
      guard monotonicNow() < end else { break }
    }
    sched_yield()
  }

  /// Parks in the kernel until a completion, the next deadline or a wake; false when a job arrived meanwhile.
  private func parkAndSubmit() -> Bool {
    isParked.store(true, ordering: .sequentiallyConsistent)
    defer { isParked.store(false, ordering: .sequentiallyConsistent) }
    if remote.hasJobs { return false }
    let limit: UInt64? = timers.earliest.map { $0 > now ? $0 - now : 0 }
    // EBUSY and EAGAIN (completions to reap first), EINTR and ETIME all mean: look at the completions.
    _ = ring.submitAndWait(nanoseconds: limit)
    return true
  }

  private func refreshNow() { now = monotonicNow() }

  // MARK: Completions

  /// Hands every waiting completion to its owner.
  ///
  /// Called again from within (a handler that submits while the queues are full), it only sets completions aside; the
  /// outer call delivers them.
  func reap() {
    guard !isReaping else { return setAside() }
    isReaping = true
    defer { isReaping = false }
    while true {
      let batch = unsafe ring.reap()
      // By index: the formatter mangles `for unsafe`.
      for index in 0..<batch.count { unsafe deliver(batch[index]) }
      while !aside.isEmpty {
        let late = aside
        aside.removeAll()
        late.forEach { deliver($0) }
      }
      if batch.count < Int(IOUring.reapCountMax) {
        guard ring.hasOverflowed else { return }
        _ = ring.pollEvents()
      }
    }
  }

  /// Makes room in the completion queue without running anybody.
  private func setAside() {
    while true {
      let batch = unsafe ring.reap(aside: true)
      unsafe aside.append(contentsOf: batch)
      if batch.count < Int(IOUring.reapCountMax) { return }
    }
  }

  @inline(__always)
  private func deliver(_ entry: io_uring_cqe) {
    let token = entry.user_data
    if token == OperationTable.ignored { return }
    if token == OperationTable.wake {
      if !isStopping.load(ordering: .relaxed) { armWake() }
      return
    }
    let isLast = entry.flags & IORING_CQE_F_MORE == 0
    let completion = Completion(result: entry.res, flags: entry.flags)
    switch operations.owner(of: token, isLast: isLast) {
    case .continuation(let continuation):
      unsafe continuation.resume(returning: completion)
      admitSlotWaiter()
    case .handler(let handler):
      handler.complete(completion, isLast: isLast)
      if isLast { admitSlotWaiter() }
    case .stale: break
    }
  }

  @inline(__always)
  private func admitSlotWaiter() {
    if unsafe !slotWaiters.isEmpty { unsafe slotWaiters.removeFirst().resume() }
  }

  // MARK: Submission

  /// Prepares one operation, waits for its completion and returns it.
  ///
  /// Suspends; memory that `prepare` names must stay put until this returns. Waits its turn when the operation table is
  /// full. `eager` submits at once when several entries are waiting (storage).
  @inline(__always)
  func perform(
    eager: Bool = false, _ prepare: (UnsafeMutablePointer<io_uring_sqe>) -> Void
  ) async -> Completion {
    preconditionOnReactor()
    while operations.isFull { await waitForSlot() }
    return await unsafe withUnsafeContinuation { continuation in
      let sqe = unsafe nextSQE()
      unsafe prepare(sqe)
      unsafe io_uring_sqe_set_data64(sqe, operations.add(continuation))
      if eager, ring.unsubmittedCount >= Self.eagerSubmitCount { _ = ring.submit() }
    }
  }

  /// As `perform`, and cancels the operation after `limit`; the result is then -ECANCELED (or what came just before).
  func perform(
    within limit: Duration, _ prepare: (UnsafeMutablePointer<io_uring_sqe>) -> Void
  ) async -> Completion {
    preconditionOnReactor()
    while operations.isFull { await waitForSlot() }
    return await unsafe withUnsafeContinuation { continuation in
      // Both entries of a link must be submitted together.
      if ring.freeEntryCount < 2 { makeRoom() }
      let sqe = unsafe nextSQE()
      unsafe prepare(sqe)
      let token = unsafe operations.add(continuation)
      unsafe io_uring_sqe_set_data64(sqe, token)
      unsafe sqe.pointee.flags |= UInt8(pen_iosqe_io_link())
      let storage = unsafe operations.timeoutStorage(of: token)
      unsafe storage.pointee = kernelTime(limit)
      let link = unsafe nextSQE()
      unsafe io_uring_prep_link_timeout(link, storage, 0)
      unsafe io_uring_sqe_set_data64(link, OperationTable.ignored)
    }
  }

  /// Prepares a multishot operation whose completions go to `handler`; returns its token for `cancel(token:)`.
  ///
  /// `eager` submits at once when several entries are waiting (storage).
  func start(
    _ handler: CompletionHandler, eager: Bool = false,
    _ prepare: (UnsafeMutablePointer<io_uring_sqe>) -> Void
  ) -> UInt64 {
    preconditionOnReactor()
    precondition(!operations.isFull, "a multishot operation finds a slot")
    let sqe = unsafe nextSQE()
    unsafe prepare(sqe)
    let token = operations.add(handler)
    unsafe io_uring_sqe_set_data64(sqe, token)
    if eager, ring.unsubmittedCount >= Self.eagerSubmitCount { _ = ring.submit() }
    return token
  }

  /// Asks the kernel to cancel the operation `token`; its own completion then says -ECANCELED.
  package func cancel(token: UInt64) {
    preconditionOnReactor()
    guard operations.isInFlight(token) else { return }
    let sqe = unsafe nextSQE()
    unsafe io_uring_prep_cancel64(sqe, token, 0)
    unsafe io_uring_sqe_set_data64(sqe, OperationTable.ignored)
  }

  /// Asks the kernel to cancel every operation on `fd`.
  package func cancel(fd: Int32) {
    preconditionOnReactor()
    let sqe = unsafe nextSQE()
    unsafe io_uring_prep_cancel_fd(sqe, fd, UInt32(IORING_ASYNC_CANCEL_ALL))
    unsafe io_uring_sqe_set_data64(sqe, OperationTable.ignored)
  }

  /// A free submission entry; submits and reaps when there is none.
  @inline(__always)
  private func nextSQE() -> UnsafeMutablePointer<io_uring_sqe> {
    if let sqe = unsafe ring.nextSQE() { return unsafe sqe }
    makeRoom()
    guard let sqe = unsafe ring.nextSQE() else {
      preconditionFailure("a submission entry is free after a submit")
    }
    return unsafe sqe
  }

  /// Submits until at least two entries are free.
  ///
  /// EAGAIN and EBUSY mean that completions must be taken first.
  private func makeRoom() {
    while ring.freeEntryCount < 2 {
      let taken = ring.submit()
      if taken <= 0 {
        _ = ring.pollEvents()
        reap()
      }
    }
  }

  private func waitForSlot() async {
    await unsafe withUnsafeContinuation { unsafe slotWaiters.append($0) }
  }

  // MARK: Waking

  private func armWake() {
    let sqe = unsafe nextSQE()
    unsafe io_uring_prep_read(sqe, wakeDescriptor, wakeCounter, 8, 0)
    unsafe io_uring_sqe_set_data64(sqe, OperationTable.wake)
  }

  private func wakeIfParked() {
    if isParked.exchange(false, ordering: .sequentiallyConsistent) { wake() }
  }

  private func wake() {
    var one: UInt64 = 1
    // An eventfd write fails only when the counter is at its maximum: the reactor is awake then.
    _ = unsafe Glibc.write(wakeDescriptor, &one, 8)
  }

  /// One turn of stopping: cancels what is in flight; true when nothing is left to run or to wait for.
  private func stopStep() -> Bool {
    timers.cancelAll()
    guard jobs.isEmpty, !remote.hasJobs else { return false }
    if operations.inFlightCount == 0 { return true }
    let sqe = unsafe nextSQE()
    let flags = UInt32(IORING_ASYNC_CANCEL_ANY) | UInt32(IORING_ASYNC_CANCEL_ALL)
    unsafe io_uring_prep_cancel64(sqe, 0, Int32(bitPattern: flags))
    unsafe io_uring_sqe_set_data64(sqe, OperationTable.ignored)
    return false
  }
}

/// A kernel time span for a `Duration`; negative durations become zero.
func kernelTime(_ duration: Duration) -> __kernel_timespec {
  let parts = duration.components
  guard parts.seconds >= 0, parts.attoseconds >= 0 else {
    return __kernel_timespec(tv_sec: 0, tv_nsec: 0)
  }
  return __kernel_timespec(tv_sec: parts.seconds, tv_nsec: parts.attoseconds / 1_000_000_000)
}
