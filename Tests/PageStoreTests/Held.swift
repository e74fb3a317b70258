// Leases, fills and waiters in collections and tasks, which cannot hold values that cannot be copied.

import Model
import PageStore
import Synchronization

/// A value that cannot be copied, in a box that can be kept and sent.
final class Held<Value: ~Copyable & Sendable>: @unchecked Sendable {
  // SAFETY: guarded by the mutex.
  private var value: Value?
  private let mutex = Mutex<Void>(())

  init(_ value: consuming Value) { self.value = consume value }

  /// Takes the value out, once.
  func take() -> Value? { mutex.withLock { _ in value.take() } }

  /// Puts a value in.
  func put(_ new: consuming Value) {
    var new = Optional(new)
    mutex.withLock { _ in value = new.take() }
  }
}

extension FillWaiter {
  /// Waits, checks the bytes of a page that came, and tells in one word what came.
  consuming func result(of key: PageKey) async -> String {
    switch await wait() {
    case .hit(let lease):
      return unsafe isPattern(lease.bytes, of: key) ? "hit" : "wrong bytes"
    case .failed(.abandoned): return "abandoned"
    case .failed(.rejected(let reason)): return "rejected \(reason)"
    case .failed(.source(let error)): return "source \(error)"
    }
  }
}
