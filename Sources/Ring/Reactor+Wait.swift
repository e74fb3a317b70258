// For threads outside: run async code on a reactor and block until it is done.

import Glibc
import Synchronization

extension Reactor {
  /// Runs `body` on this reactor and blocks the calling thread, which is no reactor's, until it ends.
  package func wait<T: Sendable>(_ body: @escaping @Sendable () async -> T) -> T {
    precondition(Reactor.current == nil, "a reactor's thread never blocks")
    let outcome = Outcome<T>()
    spawn { outcome.finish(await body()) }
    return outcome.wait()
  }
}

/// A value that one thread waits for.
// SAFETY: POSIX semaphores are made to be shared by threads; the pointer never changes.
@safe private final class Outcome<T: Sendable>: @unchecked Sendable {
  private let value = Mutex<T?>(nil)
  private let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    unsafe semaphore = .allocate(capacity: 1)
    unsafe sem_init(semaphore, 0, 0)
  }

  deinit {
    unsafe sem_destroy(semaphore)
    unsafe semaphore.deallocate()
  }

  func finish(_ result: T) {
    value.withLock { $0 = result }
    unsafe sem_post(semaphore)
  }

  func wait() -> T {
    while true {
      // Interrupted waits and spurious wakes look again.
      unsafe sem_wait(semaphore)
      if let result = value.withLock({ $0 }) { return result }
    }
  }
}
