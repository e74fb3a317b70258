// A limit on how long a request waits for something that cannot be hurried: a UFS that hangs must not hang
// its clients, which have no timeout of their own.

import Ring

/// Waits with a limit.
package enum Deadline {
  /// Runs `body` on the current reactor and returns its result, or nil when `limit` passes or the task is cancelled first.
  ///
  /// What is late goes on to its own end, and its result is dropped: a half-made change would be worse. A question may be
  /// given up: with `cancelsLate` its task is cancelled.
  package static func run<T: Sendable>(
    _ limit: Duration, cancelsLate: Bool = false, _ body: @escaping @Sendable () async -> T
  ) async -> T? {
    guard let reactor = Reactor.current else {
      preconditionFailure("requests are served on a reactor")
    }
    let race = Race<T>()
    let work = Task(executorPreference: reactor) { race.finish(await body()) }
    let timer = Task(executorPreference: reactor) {
      if await reactor.sleep(for: limit) { race.finish(nil) }
    }
    let result = await withTaskCancellationHandler {
      await race.result()
    } onCancel: {
      reactor.spawn { race.finish(nil) }
    }
    timer.cancel()
    if result == nil, cancelsLate { work.cancel() }
    return result
  }
}

/// The first of two outcomes. Confined to one reactor's thread, like everything of a request.
// SAFETY: both tasks and the waiter prefer the same reactor, so no two threads touch it; the continuation is resumed
// by the first outcome alone.
@safe private final class Race<T: Sendable>: @unchecked Sendable {
  private var isOver = false
  private var outcome: T?
  private var waiter: UnsafeContinuation<Void, Never>?

  /// Takes `outcome` unless there is one; nil says that time is up.
  func finish(_ outcome: T?) {
    guard !isOver else { return }
    isOver = true
    self.outcome = outcome
    unsafe waiter?.resume()
    unsafe waiter = nil
  }

  /// Waits for the first outcome.
  func result() async -> T? {
    if !isOver {
      await unsafe withUnsafeContinuation { unsafe waiter = $0 }
    }
    return outcome
  }
}
