// Whether it pays to look for an answer before sleeping for it.
//
// A look is cheaper than being woken while the worker runs on another CPU. Where the kernel put its thread on the CPU of
// the one that looks, the answer cannot come before that one sleeps: every look is lost. Nobody says which it is, so that
// the looks themselves tell.
//
//   new connection   slept, slept, look ─┬─ found: look, look, … until one finds nothing
//                                        └─ nothing: sleep 4 times, look; nothing again: sleep 8 times, …, 256 times
//
// Where the kernel moves the threads about, some looks find something: only many in a row begin anew with 4.

/// What one connection's waits have taught.
struct SpinGauge {
  /// Waits of a new connection that are slept through: the greeting, and the answer behind it.
  private static let countAtFirst: UInt32 = 2
  private static let countMin: UInt32 = 4
  private static let countMax: UInt32 = 256

  /// Looks in a row that have to find something before it counts as settled that they do.
  private static let foundCountMin: UInt32 = 32

  /// Looks in a row that found something.
  private var foundCount: UInt32 = 0
  /// Waits that are still to be slept through.
  private var left = Self.countAtFirst
  /// How many that are when the next look finds nothing.
  private var count = Self.countMin

  /// Whether to look this time.
  mutating func shouldLook() -> Bool {
    guard left > 0 else { return true }
    left -= 1
    return false
  }

  /// Notes whether a look found something.
  mutating func note(found: Bool) {
    guard !found else {
      foundCount = min(foundCount + 1, Self.foundCountMin)
      if foundCount == Self.foundCountMin { count = Self.countMin }
      return
    }
    foundCount = 0
    left = count
    count = min(count * 2, Self.countMax)
  }
}
