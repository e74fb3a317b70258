// A lock with a condition to wait for, for plain threads: those of blocking libraries, and of programs that use the client.

import Glibc

/// A mutex and one condition that waits by the monotonic clock; not recursive.
@safe package final class Monitor: @unchecked Sendable {
  // SAFETY: both are made once, never moved, and destroyed when nobody can hold them any more.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>

  /// A monitor that nobody holds.
  package init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe condition = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    unsafe condition.initialize(to: pthread_cond_t())
    unsafe pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(condition, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// Takes the lock.
  package func lock() { unsafe pthread_mutex_lock(mutex) }

  /// Lets the lock go.
  package func unlock() { unsafe pthread_mutex_unlock(mutex) }

  /// Wakes all that wait; the lock is held.
  package func wakeAll() { unsafe pthread_cond_broadcast(condition) }

  /// Lets the lock go, waits until woken, and takes it again.
  package func wait() { unsafe pthread_cond_wait(condition, mutex) }

  /// Lets the lock go, waits until woken or until `deadline` of `monotonicNow`, and takes it again.
  package func wait(until deadline: UInt64) {
    var time = timespec(
      tv_sec: Int(clamping: deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
    unsafe pthread_cond_timedwait(condition, mutex, &time)
  }

  /// Runs `body` with the lock held.
  @inline(__always)
  package func withLock<T>(_ body: () -> T) -> T {
    lock()
    defer { unlock() }
    return body()
  }
}
