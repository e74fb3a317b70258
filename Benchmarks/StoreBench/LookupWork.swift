// Look-ups on plain threads, pinned one to a CPU.

import Glibc
import Model
import PageStore
import Synchronization

/// A run of random look-ups that ends by time.
final class LookupWork: Sendable {
  let done = Atomic<Int>(0)
  let wrong = Atomic<Int>(0)
  /// CPU nanoseconds of all threads.
  let busy = Atomic<UInt64>(0)
  private let next = Atomic<UInt64>(1)
  private let store: PageStore
  private let keys: Int
  private let nanoseconds: UInt64
  private let key: @Sendable (Int) -> PageKey

  init(
    store: PageStore, keys: Int, nanoseconds: UInt64, key: @escaping @Sendable (Int) -> PageKey
  ) {
    self.store = store
    self.keys = keys
    self.nanoseconds = nanoseconds
    self.key = key
  }

  /// Runs on `threads` threads and waits for them.
  func run(threads count: Int) {
    var threads = [pthread_t](repeating: pthread_t(), count: count)
    for number in 0..<count {
      let context = unsafe Unmanaged.passRetained(self).toOpaque()
      let rc = unsafe pthread_create(
        &threads[number], nil,
        { context in
          guard let context = unsafe context else { return nil }
          unsafe Unmanaged<LookupWork>.fromOpaque(context).takeRetainedValue().loop()
          return nil
        }, context)
      precondition(rc == 0, "a thread starts")
    }
    for thread in threads { pthread_join(thread, nil) }
  }

  private func loop() {
    let end = AccessTime.now + nanoseconds
    var state = next.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue | 1
    var (count, missed) = (0, 0)
    // A server passes its ring's time, which it refreshes once per turn.
    var now = AccessTime.now
    while now < end {
      for _ in 0..<64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        let number = Int(state.multipliedFullWidth(by: UInt64(keys)).high)
        if case .hit(let lease) = store.lookup(key(number), now: now) {
          missed += lease.count == 0 ? 1 : 0
        } else {
          missed += 1
        }
        count += 1
      }
      now = AccessTime.now
    }
    busy.add(AccessTime.thread, ordering: .relaxed)
    done.add(count, ordering: .relaxed)
    wrong.add(missed, ordering: .relaxed)
  }
}
