// One blocking call on a thread of its own, which whoever started it waits for only so long: an open(2) of a frozen file
// system comes back when that thaws, and no signal ends it.

import CLinux
import Glibc
import Ring

/// A call under way, or its result.
// SAFETY: `ended` is guarded by the monitor.
final class PatientCall<T: Sendable>: @unchecked Sendable {
  private let monitor = Monitor()
  private let name: String
  private let body: @Sendable () -> T
  private var ended: T?

  /// Starts `body` on a thread called `name`, which ends with it.
  ///
  /// - Throws: `.system` when there is no thread.
  init(name: String, _ body: @escaping @Sendable () -> T) throws(StartError) {
    self.name = name
    self.body = body
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

  /// The result; nil while there is none.
  var result: T? { monitor.withLock { ended } }

  /// The result, nil when there is none after `limit`, zero waits for ever; blocks.
  func result(within limit: Duration) -> T? {
    result(until: limit > .zero ? monotonicNow() &+ limit.nanoseconds : nil)
  }

  /// The result, nil when there is none at `end`, in monotonic nanoseconds; blocks.
  func result(until end: UInt64?) -> T? {
    monitor.lock()
    defer { monitor.unlock() }
    while ended == nil {
      guard let end else {
        monitor.wait()
        continue
      }
      guard monotonicNow() < end else { break }
      monitor.wait(until: end)
    }
    return ended
  }
}

/// What a thread that knows no type can run.
private protocol Runnable { func run() }

extension PatientCall: Runnable {
  fileprivate func run() {
    unsafe pen_thread_name(String(name.prefix(15)))
    let result = body()
    monitor.withLock {
      ended = result
      monitor.wakeAll()
    }
  }
}
