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

/// A value behind such a mutex.
@safe struct Locked<Value>: ~Copyable, @unchecked Sendable {
  private let lock = Lock()
  // SAFETY: a value at one address from init to deinit, touched with the lock held.
  private let value: UnsafeMutablePointer<Value>

  init(_ initial: consuming Value) {
    unsafe value = .allocate(capacity: 1)
    unsafe value.initialize(to: initial)
  }

  deinit {
    unsafe value.deinitialize(count: 1)
    unsafe value.deallocate()
  }

  @inline(__always)
  borrowing func withLock<T, E: Error>(_ body: (inout Value) throws(E) -> T) throws(E) -> T {
    try lock.withLock { () throws(E) -> T in try unsafe body(&value.pointee) }
  }
}
