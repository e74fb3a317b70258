// How long one operation of a client may take in all, whatever it tries meanwhile.
//
//   open ── 120 s ─┬─ domain socket: what is left but 10 s, as there is another way
//                  ├─ network: what is left, shared by the workers that can be asked
//                  └─ pause, again ─ …

import Ring

/// The limit of the operation that the calling thread is in: calls block, so that it need not be handed from one to the next.
enum Patience {
  /// Nanoseconds that are kept for another way at most.
  private static let keptMax: UInt64 = 10_000_000_000

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

  /// Which of an attempt's `error` and that of the attempt before it is the reason of a failure.
  ///
  /// An attempt that `deadline` cut off tells of nothing but that.
  static func reason(
    _ error: ClientError, after earlier: ClientError?, until deadline: UInt64
  ) -> ClientError {
    guard let earlier, error.code == .unavailable, monotonicNow() >= deadline else { return error }
    return earlier
  }

  /// Runs `body`, which gives up early enough for `others` behind it, who get as much time each.
  static func sharing<T>(
    with others: Int, _ body: () throws(ClientError) -> T
  ) throws(ClientError) -> T {
    let (now, end) = (monotonicNow(), deadline)
    guard others > 0, end > now, end != .max else { return try body() }
    return try until(now + (end - now) / UInt64(others + 1), body)
  }

  /// Runs `body`, which gives up early enough for another way behind it: with a quarter of the time left, 10 s at most.
  static func leavingTime<T>(_ body: () throws(ClientError) -> T) throws(ClientError) -> T {
    let (now, end) = (monotonicNow(), deadline)
    let kept = end > now ? min((end - now) / 4, keptMax) : 0
    return try until(end - kept, body)
  }
}
