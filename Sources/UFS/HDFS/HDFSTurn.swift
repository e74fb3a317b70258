// One at a time, first come first served.

/// A turn that one task holds and others wait for.
// SAFETY: confined to one reactor's thread.
@safe final class HDFSTurn: @unchecked Sendable {
  private var isTaken = false
  private var waiters: [UnsafeContinuation<Void, Never>] = unsafe []

  /// Nobody's turn.
  init() {}

  /// Waits until it is the caller's turn.
  func enter() async {
    guard isTaken else { return isTaken = true }
    await unsafe withUnsafeContinuation { unsafe waiters.append($0) }
  }

  /// Gives the turn to who waits longest.
  func leave() {
    guard unsafe !waiters.isEmpty else { return isTaken = false }
    unsafe waiters.removeFirst().resume()
  }
}
