// A thread of a bench, pinned to a CPU when there are enough.

import CLinux
import Glibc

/// A running thread.
struct BenchThread {
  private let thread: pthread_t

  /// What the thread does.
  private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Starts `body` on CPU `cpu`; on any when the process may not use that.
  init(cpu: Int, _ body: @escaping @Sendable () -> Void) {
    let work = Work {
      _ = pen_pin_thread(Int32(cpu))
      body()
    }
    var thread = pthread_t()
    let rc = unsafe pthread_create(
      &thread, nil,
      { context in
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, unsafe Unmanaged.passRetained(work).toOpaque())
    precondition(rc == 0, "a thread starts")
    self.thread = thread
  }

  /// Waits for its end.
  func join() { pthread_join(thread, nil) }
}
