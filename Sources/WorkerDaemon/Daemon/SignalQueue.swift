// Signals from the first moment on: a thread of its own takes them, so that even a start that hangs can be ended.
//
//   starting:  stop ──▶ one line, exit 143            ready:  stop, reload ──▶ queue ──▶ main thread

import Glibc
import Synchronization

/// The requests that signals make, in order.
package final class SignalQueue: Sendable {
  private struct State {
    var isReady = false
    var requests: [SignalWaiter.Request] = []
  }

  private let state = Mutex(State())
  private let semaphore = CountingSemaphore()
  private let endEarly: @Sendable () -> Void

  /// Blocks the signals and starts the thread that takes them; `endEarly` ends the process when one asks for that
  /// before `becomeReady`.
  package init(endEarly: @escaping @Sendable () -> Void) throws(StartError) {
    self.endEarly = endEarly
    SignalWaiter.block()
    var handle = pthread_t()
    let box = unsafe Unmanaged.passRetained(self)
    let rc = unsafe pthread_create(
      &handle, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<SignalQueue>.fromOpaque(argument).takeRetainedValue().work()
      }, box.toOpaque())
    guard rc == 0 else {
      unsafe box.release()
      throw StartError(.system, "a thread for signals cannot be started")
    }
    pthread_detach(handle)
  }

  /// From now on requests are queued for `next`.
  package func becomeReady() { state.withLock { $0.isReady = true } }

  /// Waits for the next request.
  package func next() -> SignalWaiter.Request {
    while true {
      semaphore.wait()
      let request: SignalWaiter.Request? = state.withLock {
        $0.requests.isEmpty ? nil : $0.requests.removeFirst()
      }
      if let request { return request }
    }
  }

  private func work() -> Never {
    while true {
      let request = SignalWaiter.next()
      let isReady = state.withLock { state in
        if state.isReady { state.requests.append(request) }
        return state.isReady
      }
      if isReady { semaphore.signal() } else if request == .stop { endEarly() }
    }
  }
}

/// A POSIX semaphore.
// SAFETY: semaphores are made to be shared by threads; the pointer never changes.
@safe private final class CountingSemaphore: @unchecked Sendable {
  private let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    unsafe semaphore = .allocate(capacity: 1)
    unsafe sem_init(semaphore, 0, 0)
  }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  func signal() { _ = unsafe sem_post(semaphore) }

  func wait() { while unsafe sem_wait(semaphore) != 0, errno == EINTR {} }
}
