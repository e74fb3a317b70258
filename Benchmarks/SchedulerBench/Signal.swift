// Wakes the bench's one thread when the store has acknowledged something.

import CLinux
import Glibc

/// An eventfd: raised by any thread, waited for by one.
final class Signal: Sendable {
  private let descriptor: Int32

  init() { descriptor = eventfd(0, Int32(EFD_CLOEXEC)) }

  deinit { close(descriptor) }

  /// Lets the waiter go on.
  func raise() {
    var one: UInt64 = 1
    _ = unsafe write(descriptor, &one, 8)
  }

  /// Waits until it was raised since the last time.
  func wait() {
    var count: UInt64 = 0
    _ = unsafe read(descriptor, &count, 8)
  }
}
