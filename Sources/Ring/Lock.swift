// A mutex of the C library: known to the thread sanitizer, and of a known size where it is part of a flat array.

package import Glibc

/// A mutex held for nanoseconds, never across a suspension.
///
/// Not the standard library's: that is a futex of its own, which the thread sanitizer does not know.
@safe package struct Lock: ~Copyable, @unchecked Sendable {
  // SAFETY: the mutex lives at one address from init to deinit.
  @usableFromInline let mutex: UnsafeMutablePointer<pthread_mutex_t>

  /// A mutex that nobody holds.
  @inlinable
  package init() {
    unsafe mutex = .allocate(capacity: 1)
    unsafe mutex.initialize(to: pthread_mutex_t())
    let rc = unsafe pthread_mutex_init(mutex, nil)
    precondition(rc == 0, "a mutex is made")
  }

  @inlinable
  deinit {
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  /// Runs `body` with the mutex held.
  @inlinable @inline(__always)
  package borrowing func withLock<T: ~Copyable, E: Error>(_ body: () throws(E) -> T) throws(E) -> T
  {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body()
  }
}

/// A value behind such a mutex.
@safe package struct Locked<Value>: ~Copyable, @unchecked Sendable {
  @usableFromInline let lock = Lock()
  // SAFETY: a value at one address from init to deinit, touched with the lock held.
  @usableFromInline let value: UnsafeMutablePointer<Value>

  /// A mutex around `initial`.
  @inlinable
  package init(_ initial: consuming Value) {
    unsafe value = .allocate(capacity: 1)
    unsafe value.initialize(to: initial)
  }

  @inlinable
  deinit {
    unsafe value.deinitialize(count: 1)
    unsafe value.deallocate()
  }

  /// Runs `body` on the value with the mutex held.
  @inlinable @inline(__always)
  package borrowing func withLock<T, E: Error>(_ body: (inout Value) throws(E) -> T) throws(E) -> T
  {
    try lock.withLock { () throws(E) -> T in try unsafe body(&value.pointee) }
  }
}
