// Jobs of Swift tasks that wait for their reactor: a ring buffer for jobs made on its own thread, and a locked list for
// jobs that come from others.

import Synchronization

/// A growable first-in first-out queue of jobs, confined to one thread.
@safe struct JobQueue: ~Copyable {
  private var storage: UnsafeMutablePointer<UnownedJob>
  private var capacity: Int
  private var head = 0
  private(set) var count = 0

  init(capacity: Int = 1024) {
    precondition(capacity & (capacity - 1) == 0, "capacity is a power of two")
    self.capacity = capacity
    unsafe storage = .allocate(capacity: capacity)
  }

  deinit { unsafe storage.deallocate() }

  var isEmpty: Bool { count == 0 }

  @inline(__always)
  mutating func append(_ job: UnownedJob) {
    if count == capacity { grow() }
    unsafe (storage + ((head + count) & (capacity - 1))).initialize(to: job)
    count += 1
  }

  @inline(__always)
  mutating func popFirst() -> UnownedJob? {
    guard count > 0 else { return nil }
    let job = unsafe storage[head]
    head = (head + 1) & (capacity - 1)
    count -= 1
    return job
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<UnownedJob>.allocate(capacity: capacity * 2)
    for index in 0..<count {
      unsafe (larger + index).initialize(to: storage[(head + index) & (capacity - 1)])
    }
    unsafe storage.deallocate()
    unsafe storage = larger
    head = 0
    capacity *= 2
  }
}

/// Jobs from other threads: appended under a lock, taken all at once.
final class RemoteJobs: Sendable {
  private let jobs = Locked<[UnownedJob]>([])
  /// True when `jobs` may hold something; spares the owner the lock on each tick.
  private let isPending = Atomic<Bool>(false)

  func append(_ job: UnownedJob) {
    jobs.withLock { $0.append(job) }
    isPending.store(true, ordering: .sequentiallyConsistent)
  }

  var hasJobs: Bool { isPending.load(ordering: .sequentiallyConsistent) }

  /// Moves all jobs to `queue`.
  func drain(into queue: inout JobQueue) {
    guard isPending.load(ordering: .acquiring) else { return }
    let taken = jobs.withLock { list in
      isPending.store(false, ordering: .releasing)
      let taken = list
      list.removeAll(keepingCapacity: taken.capacity <= 4096)
      return taken
    }
    for job in taken { queue.append(job) }
  }
}
