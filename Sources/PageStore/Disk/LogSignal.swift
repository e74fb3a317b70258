// A mutex and a condition for one thread that waits for work.

import Glibc

/// What the users of a log and its thread meet at.
@safe final class LogSignal: @unchecked Sendable {
  // SAFETY: POSIX objects are made to be shared by threads; the pointers never change.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  /// True while the thread works on what it took; guarded by the mutex.
  var isBusy = false

  init() {
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

  func withLock<T>(_ body: () -> T) -> T {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return body()
  }

  /// Wakes the thread if it waits; called with the lock.
  func wake() { unsafe pthread_cond_signal(condition) }

  /// Gives up the lock until woken.
  func wait() { unsafe pthread_cond_wait(condition, mutex) }

  /// Gives up the lock until woken or `nanoseconds` have passed.
  func wait(nanoseconds: Int) {
    var end = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &end)
    let sum = end.tv_nsec + nanoseconds
    end.tv_sec += sum / 1_000_000_000
    end.tv_nsec = sum % 1_000_000_000
    unsafe pthread_cond_timedwait(condition, mutex, &end)
  }
}
