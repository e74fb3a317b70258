// A few POSIX threads with one body, for blocking calls that must not wait for each other.

import Glibc
import Synchronization

/// Threads that run `body` once each.
final class Threads {
  private final class Shared: Sendable {
    let body: @Sendable (Int) -> Void
    let next = Atomic(0)
    let running: Atomic<Int>

    init(count: Int, body: @escaping @Sendable (Int) -> Void) {
      self.body = body
      running = Atomic(count)
    }
  }

  private let shared: Shared
  private var handles: [pthread_t] = []

  /// Starts `count` threads; each is given its number.
  init(count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    shared = Shared(count: count, body: body)
    for _ in 0..<count {
      var handle = pthread_t()
      // SAFETY: the thread releases what is retained for it here.
      let context = unsafe Unmanaged.passRetained(shared).toOpaque()
      let code = unsafe pthread_create(
        &handle, nil,
        { context in
          guard let context = unsafe context else { return nil }
          let shared = unsafe Unmanaged<Shared>.fromOpaque(context).takeRetainedValue()
          shared.body(shared.next.add(1, ordering: .relaxed).oldValue)
          shared.running.subtract(1, ordering: .releasing)
          return nil
        }, context)
      precondition(code == 0, "a thread can be started")
      handles.append(handle)
    }
  }

  /// Waits at most `limit` and says whether a thread still runs; ended ones are joined.
  func areRunning(for limit: Duration) -> Bool {
    let deadline = ContinuousClock.now + limit
    while shared.running.load(ordering: .acquiring) > 0 {
      if ContinuousClock.now >= deadline { return true }
      usleep(2_000)
    }
    for handle in handles { pthread_join(handle, nil) }
    handles = []
    return false
  }
}
