// A thread's word to its creator that it is ready, or why not.

import Glibc
import Synchronization

/// Lets one thread wait until another has started.
// SAFETY: POSIX semaphores are made to be shared by threads; the pointer never changes.
@safe final class StartSignal: @unchecked Sendable {
  private let outcome = Mutex<Result<Void, RingError>?>(nil)
  private let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    unsafe semaphore = .allocate(capacity: 1)
    unsafe sem_init(semaphore, 0, 0)
  }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  func finish(_ result: Result<Void, RingError>) {
    outcome.withLock { $0 = result }
    unsafe sem_post(semaphore)
  }

  func wait() throws(RingError) {
    while unsafe sem_wait(semaphore) != 0, errno == EINTR {}
    guard let result = outcome.withLock({ $0 }) else {
      throw RingError(.system, operation: "ring.thread", errno: EINTR)
    }
    try result.get()
  }
}
