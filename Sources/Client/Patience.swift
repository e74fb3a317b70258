// How long one operation of a client may take in all, whatever it tries meanwhile.
//
//   open ── within(120 s) ─┬─ domain socket: half of what is left, as there is another way
//                          ├─ network: what is left
//                          └─ pause, again ─ …

import Ring

/// The limit of the operation that the calling thread is in: calls block, so that it need not be handed from one to the next.
enum Patience {
  /// When the operation gives up, of the monotonic clock.
  @TaskLocal static var deadline = UInt64.max

  /// `length` nanoseconds from now, or the operation's limit if that is sooner.
  static func deadline(in length: UInt64) -> UInt64 {
    let (end, isNever) = monotonicNow().addingReportingOverflow(length)
    return min(deadline, isNever ? .max : end)
  }

  /// Nanoseconds that are left, at least a millisecond and at most `limit`.
  static func left(atMost limit: UInt64) -> UInt64 {
    let now = monotonicNow()
    return min(max(deadline > now ? deadline - now : 0, 1_000_000), max(limit, 1_000_000))
  }

  /// Runs `body`, which gives up at `deadline`.
  static func until<T>(
    _ deadline: UInt64, _ body: () throws(ClientError) -> T
  ) throws(ClientError) -> T {
    try $deadline.withValue(deadline) { Result { () throws(ClientError) in try body() } }.get()
  }

  /// Runs `body`, which gives up after half of what is left: behind it there is another way.
  static func half<T>(_ body: () throws(ClientError) -> T) throws(ClientError) -> T {
    let (now, end) = (monotonicNow(), deadline)
    return try until(end > now ? now + (end - now) / 2 : end, body)
  }
}
