// One blocking call on a thread of its own, which whoever started it waits for only so long: an open(2) of a frozen file
// system comes back when that thaws, and no signal ends it.

import CLinux
import Glibc
import Ring

/// A call under way, or its result.
// SAFETY: the mutable state is guarded by the POSIX mutex; the pointers never change.
@safe final class PatientCall<T: Sendable>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private let name: String
  private let body: @Sendable () -> T
  private var ended: T?

  /// Starts `body` on a thread called `name`, which ends with it.
  ///
  /// - Throws: `.system` when there is no thread.
  init(name: String, _ body: @escaping @Sendable () -> T) throws(StartError) {
    self.name = name
    self.body = body
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
    var handle = pthread_t()
    let box = unsafe Unmanaged.passRetained(self as AnyObject)
    let rc = unsafe pthread_create(
      &handle, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let call = unsafe Unmanaged<AnyObject>.fromOpaque(argument).takeRetainedValue()
        (call as? any Runnable)?.run()
        return nil
      }, box.toOpaque())
    guard rc == 0 else {
      unsafe box.release()
      throw StartError(.system, "a thread cannot be started: \(errnoText(rc))")
    }
    pthread_detach(handle)
  }

  deinit {
    unsafe pthread_cond_destroy(condition)
    unsafe pthread_mutex_destroy(mutex)
    unsafe condition.deallocate()
    unsafe mutex.deallocate()
  }

  /// The result; nil while there is none.
  var result: T? {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return ended
  }

  /// The result, nil when there is none after `limit`, zero waits for ever; blocks.
  func result(within limit: Duration) -> T? {
    result(until: limit > .zero ? Self.now() &+ limit.nanoseconds : nil)
  }

  /// The result, nil when there is none at `end`, in monotonic nanoseconds; blocks.
  func result(until end: UInt64?) -> T? {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while ended == nil {
      guard let end else {
        unsafe pthread_cond_wait(condition, mutex)
        continue
      }
      guard Self.now() < end else { break }
      var time = timespec()
      time.tv_sec = Int(clamping: end / 1_000_000_000)
      time.tv_nsec = Int(clamping: end % 1_000_000_000)
      unsafe pthread_cond_timedwait(condition, mutex, &time)
    }
    return ended
  }

  /// Monotonic nanoseconds.
  static func now() -> UInt64 {
    var time = timespec()
    // This clock cannot fail; the address is this frame's own.
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }
}

/// What a thread that knows no type can run.
private protocol Runnable { func run() }

extension PatientCall: Runnable {
  fileprivate func run() {
    unsafe pen_thread_name(String(name.prefix(15)))
    let result = body()
    unsafe pthread_mutex_lock(mutex)
    ended = result
    unsafe pthread_cond_broadcast(condition)
    unsafe pthread_mutex_unlock(mutex)
  }
}
