// When whoever waits for an answer waits no longer.
//
//   handler ── one deadline ──▶ FileService ──▶ UFS ──▶ gate (queue, pauses, retries) ──▶ HTTP client ──▶ socket
//
// It travels with the task, so that no layer can forget to hand it on: a queue, a retry and a receive all end by it.

/// The deadline of the work at hand.
package enum UFSDeadline {
  /// Monotonic nanoseconds, as `reactor.now`; the largest number for none.
  @TaskLocal package static var current: UInt64 = .max

  /// What is left of `limit` until the deadline; a millisecond when that has passed.
  package static func left(of limit: Duration, now: UInt64) -> Duration {
    guard current < .max else { return limit }
    let left = current > now ? current - now : 0
    return min(limit, max(.milliseconds(1), .nanoseconds(Int64(clamping: left))))
  }

  /// Runs `body` with a deadline, or with the one that holds already if that is earlier.
  ///
  /// It does not end `body`: what it asks of a remote store ends by it.
  package static func run<T>(
    _ deadline: UInt64, _ body: () async throws(UFSError) -> T
  ) async throws(UFSError) -> T {
    let outcome: Result<T, UFSError> = await hold(deadline) {
      do throws(UFSError) { return .success(try await body()) } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  /// As above, for what tells its failures by its result.
  package static func hold<T>(_ deadline: UInt64, _ body: () async -> T) async -> T {
    await $current.withValue(min(deadline, current)) { await body() }
  }
}
