// A mutex of the C library: known to the thread sanitizer, and of a known size where it is part of a flat array.

import Glibc

/// A mutex held for nanoseconds, never across a suspension.
@safe struct Lock: ~Copyable, @unchecked Sendable {
  // SAFETY: the mutex lives at one address from init to deinit.
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    let rc = unsafe pthread_mutex_init(mutex, nil)
    precondition(rc == 0, "a mutex is made")
  }

  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  @inline(__always)
  borrowing func withLock<T: ~Copyable, E: Error>(_ body: () throws(E) -> T) throws(E) -> T {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body()
  }
}
