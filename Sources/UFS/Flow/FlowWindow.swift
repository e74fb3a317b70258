// How many requests of one verb a bucket bears: found by asking for more until it says no.
//
//   size ▲      ╱╲   ╱╲                ╱ +1 per round trip, and doubles once calm
//        │ ────╱  ╲ ╱  ╲╱╲    ╭──────╯ threshold: what the first shrinking of the storm left
//        │         +1 per    ╲  ╱ doubles per round trip from the first success on
//        │         round trip ╲╱ storm: floor 1, with pauses up to a second
//        └────────────────────────────────────▶ time
//
// A *round* begins with each shrinking. Only answers to requests sent in it count: what was sent before says nothing of
// the new size. When a quarter of the window has answered, or an eighth was refused, it shrinks by half of the share that
// was refused: a store that refuses everything halves it, one that refuses what is above its capacity settles it there.

/// The AIMD window of one (bucket or host, verb).
struct FlowWindow: Sendable {
  /// Time without a throttled request after which the window doubles per round trip.
  static let calm: UInt64 = 1_000_000_000
  /// Time without one after which the window is forgotten.
  static let forgetTime: UInt64 = 60_000_000_000
  /// First and longest pause between probes when even one request at a time is too much.
  static let pauseMin: UInt64 = 50_000_000
  static let pauseMax: UInt64 = 1_000_000_000
  /// Time without one after which second requests may go.
  static let hedgeCalm: UInt64 = 10_000_000_000
  /// Fewest answers to judge by; half as many refusals.
  static let sampleMin = 8
  /// Longest that all requests pause because the store named a time.
  static let retryAfterMax: UInt64 = 2_000_000_000

  /// Requests that may be in flight; infinite until the store first says no.
  private(set) var size = Double.infinity
  /// Requests in flight.
  private(set) var inFlight = 0
  /// Size up to which it doubles per round trip: what the first shrinking of a storm left.
  private var threshold = Double.infinity
  /// Size that the last shrinking left.
  private var shrunkTo = Double.infinity
  /// Number of the round, given to each request that is sent in it.
  private(set) var round: UInt32 = 0
  /// Until when nothing is sent.
  private(set) var pausedUntil: UInt64 = 0
  /// Most in flight since the round began.
  private var peak = 0
  private var answers = 0
  private var throttles = 0
  private var lastThrottle: UInt64 = 0
  private var pause: UInt64 = 0

  /// A window that bounds nothing.
  init() {}

  /// Whole requests that may be in flight.
  var limit: Int { size >= 1e9 ? .max : Int(size) }

  /// Whether one more may be sent at `now`.
  @inline(__always)
  func admits(_ now: UInt64) -> Bool { now >= pausedUntil && inFlight < limit }

  /// Whether the store refused nothing for ten seconds.
  func isCalm(_ now: UInt64) -> Bool {
    lastThrottle == 0 || now &- lastThrottle > Self.hedgeCalm
  }

  /// Counts a request that is sent.
  @inline(__always)
  mutating func take() {
    inFlight += 1
    if inFlight > peak { peak = inFlight }
  }

  /// Counts a request that ended, whatever its end.
  @inline(__always)
  mutating func give() {
    precondition(inFlight > 0, "a request that ends was sent")
    inFlight -= 1
  }

  /// The store served a request of round `sent`.
  ///
  /// `isBounding`: requests wait, or the window is nearly used. Grows up to `ceiling`.
  @inline(__always)
  mutating func succeed(sent: UInt32, now: UInt64, isBounding: Bool, ceiling: Int) {
    if size < .infinity { grow(sent, now, isBounding, ceiling) }
    count(sent, throttled: false)
  }

  private mutating func grow(_ sent: UInt32, _ now: UInt64, _ isBounding: Bool, _ ceiling: Int) {
    (pause, pausedUntil) = (0, 0)
    if now &- lastThrottle > Self.forgetTime {
      (size, threshold, shrunkTo) = (.infinity, .infinity, .infinity)
    } else if sent == round, isBounding || Double(inFlight) + 1 >= size {
      let isCareful = size >= threshold && now &- lastThrottle < Self.calm
      size = min(size + (isCareful ? 1 / size : 1), Double(ceiling))
    }
  }

  /// The store refused a request of round `sent`, or let it time out.
  mutating func throttle(sent: UInt32, now: UInt64, retryAfter: UInt64) {
    lastThrottle = now
    if size <= 1, sent == round {
      pause = min(max(pause * 2, Self.pauseMin), Self.pauseMax)
      pausedUntil = now &+ max(pause, min(retryAfter, Self.retryAfterMax))
    }
    count(sent, throttled: true)
  }

  private mutating func count(_ sent: UInt32, throttled: Bool) {
    guard sent == round else { return }
    answers += 1
    if throttled { throttles += 1 }
    let sample = max(Self.sampleMin, Int(min(size, Double(peak)) / 4))
    guard answers >= sample || throttles >= sample / 2 else { return }
    if throttles > 0 {
      let share = Double(throttles) / Double(answers)
      let left = max(1, min(size, Double(max(1, peak))) * (1 - share / 2))
      // A storm is one: only what it first shrank, or what had grown well again, says how much the store bore.
      if size == .infinity || size > threshold || size >= 2 * shrunkTo { threshold = left }
      (size, shrunkTo) = (left, left)
      round &+= 1
    }
    (answers, throttles, peak) = (0, 0, inFlight)
  }
}
