// Memory that a device still has although nobody waits for its operation any more: a disk that hangs gives neither an answer
// nor the memory back. What may not be reused before that is parked here.

import Ring

/// The promise that a device is done with the memory of operations that were given up.
// SAFETY: the mutable state is guarded by `lock`; actions run once, on the thread that the device answers on.
@safe package final class DeviceHold: Equatable, @unchecked Sendable {
  private let lock = Lock()
  private var pending: Int
  private var actions: [() -> Void] = []

  /// A hold that ends when `returned` was called `count` times.
  init(count: Int = 1) { pending = count }

  /// One hold that ends when both have ended.
  static func both(_ first: DeviceHold?, _ second: DeviceHold?) -> DeviceHold? {
    guard let first, let second else { return first ?? second }
    let both = DeviceHold(count: 2)
    first.whenReturned { both.returned() }
    second.whenReturned { both.returned() }
    return both
  }

  package static func == (left: DeviceHold, right: DeviceHold) -> Bool { left === right }

  /// True once the device is done.
  package var isReturned: Bool { lock.withLock { pending == 0 } }

  /// Runs `action` when the device is done: now if it is, else on the thread that hears of it.
  ///
  /// What `action` refers to lives until then.
  package func whenReturned(_ action: @escaping () -> Void) {
    let isLate = lock.withLock {
      if pending > 0 { actions.append(action) }
      return pending == 0
    }
    if isLate { action() }
  }

  /// Says that the device is done with one operation.
  func returned() {
    let due = lock.withLock { () -> [() -> Void] in
      precondition(pending > 0, "an operation ends once")
      pending -= 1
      guard pending == 0 else { return [] }
      defer { actions = [] }
      return actions
    }
    due.forEach { $0() }
  }
}
