// A store that does not answer: told from one that is slow or refuses, because queueing behind it helps nobody.
//
//   answering ──three time-outs in a row──▶ silent: one request a second goes, the others are told at once ──any answer──▶

/// Whether a store has stopped answering requests of one verb.
struct FlowSilence: Sendable {
  /// Time-outs in a row that make a silence.
  static let countMin = 3
  /// Nanoseconds between requests that find out whether it is over.
  static let probeInterval: UInt64 = 1_000_000_000

  /// Time-outs since the last answer.
  private(set) var count = 0
  /// When the next request may go, while silent.
  private(set) var nextProbe: UInt64 = 0

  /// A store that answers.
  init() {}

  /// Whether it has stopped answering.
  @inline(__always)
  var isSilent: Bool { count >= Self.countMin }

  /// Counts a request that got no answer in time.
  mutating func timedOut(_ now: UInt64) {
    count += 1
    if count == Self.countMin { nextProbe = now &+ Self.probeInterval }
  }

  /// Notes an answer, of whatever kind.
  @inline(__always)
  mutating func answered() { count = 0 }

  /// Notes that a request is sent.
  @inline(__always)
  mutating func sent(_ now: UInt64) {
    if isSilent { nextProbe = now &+ Self.probeInterval }
  }
}
