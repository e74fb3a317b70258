// A few threads for calls that block and have no ring operation: directory listings, name look-ups, libraries.
//
//   async caller ──queue──▶ thread runs the call ──▶ caller resumes on its own executor

import CLinux
import Glibc
import Synchronization

/// A fixed number of threads that run blocking calls for async code.
// SAFETY: the mutable state is guarded by the POSIX mutex.
@safe package final class BlockingPool: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var queue: [@Sendable () -> Void] = []
  private var head = 0
  private var isStopped = false
  private var threads: [pthread_t] = []
  private let name: String
  private let niceness: Int32

  /// Starts `threads` threads, nicer to the CPUs than the caller's by `niceness` steps.
  ///
  /// - Throws: `.system` when not even one thread can be started.
  package init(name: String, threads count: Int, niceness: Int = 0) throws(RingError) {
    precondition(count > 0, "a pool has a thread")
    self.name = name
    self.niceness = Int32(clamping: niceness)
    unsafe mutex = .allocate(capacity: 1)
    unsafe condition = .allocate(capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(condition, nil)
    for _ in 0..<count {
      var handle = pthread_t()
      let box = unsafe Unmanaged.passRetained(self)
      let rc = unsafe pthread_create(
        &handle, nil,
        { argument in
          guard let argument = unsafe argument else { return nil }
          unsafe Unmanaged<BlockingPool>.fromOpaque(argument).takeRetainedValue().work()
          return nil
        }, box.toOpaque())
      if rc == 0 { threads.append(handle) } else { unsafe box.release() }
      if rc != 0, threads.isEmpty {
        throw RingError(.system, operation: "ring.pool", errno: rc)
      }
    }
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe pthread_cond_destroy(condition)
    unsafe mutex.deallocate()
    unsafe condition.deallocate()
  }

  /// Runs `body` on one of the pool's threads; suspends meanwhile and resumes on the caller's executor.
  package func run<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
    await unsafe withUnsafeContinuation { continuation in
      submit { unsafe continuation.resume(returning: body()) }
    }
  }

  /// Lets the threads end once the queue is empty, and joins them.
  package func stop() {
    unsafe pthread_mutex_lock(mutex)
    isStopped = true
    unsafe pthread_cond_broadcast(condition)
    let all = threads
    threads = []
    unsafe pthread_mutex_unlock(mutex)
    for handle in all { pthread_join(handle, nil) }
  }

  /// Runs `body` on one of the pool's threads when one is free; returns at once.
  package func submit(_ body: @escaping @Sendable () -> Void) {
    unsafe pthread_mutex_lock(mutex)
    precondition(!isStopped, "a stopped pool takes no work")
    queue.append(body)
    unsafe pthread_cond_signal(condition)
    unsafe pthread_mutex_unlock(mutex)
  }

  private func work() {
    unsafe pen_thread_name(String(name.prefix(15)))
    // A kernel that refuses costs latency of others, not correctness.
    if niceness != 0 { _ = pen_be_nicer(niceness) }
    while let body = next() {
      body()
      if niceness != 0 { sched_yield() }
    }
  }

  private func next() -> (@Sendable () -> Void)? {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while head == queue.count {
      if isStopped { return nil }
      unsafe pthread_cond_wait(condition, mutex)
    }
    let body = queue[head]
    head += 1
    if head == queue.count {
      queue.removeAll(keepingCapacity: true)
      head = 0
    }
    return body
  }
}
