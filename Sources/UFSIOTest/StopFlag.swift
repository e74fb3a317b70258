// One bit between whoever wants the test to end and the streams, which look at it before every operation.

import Ring
import Synchronization

/// Says whether the test is to end early; set once.
package final class StopFlag: Sendable {
  /// Why a test ends early.
  package enum Reason: UInt8, Sendable {
    /// SIGINT or SIGTERM.
    case signal = 1
    /// The time limit has passed.
    case timeLimit = 2
  }

  private let value = Atomic<UInt8>(0)

  private let end: UInt64

  /// A flag that is not set, and sets itself after `limit`.
  package init(after limit: Duration = .seconds(1 << 30)) {
    end = ResourceUse.clock() &+ min(limit.nanoseconds, 1 << 62)
  }

  /// Sets the flag; the first reason stays.
  package func set(_ reason: Reason) {
    _ = value.compareExchange(expected: 0, desired: reason.rawValue, ordering: .relaxed)
  }

  /// Why to stop; nil to go on.
  package var reason: Reason? {
    if let reason = Reason(rawValue: value.load(ordering: .relaxed)) { return reason }
    return ResourceUse.clock() >= end ? .timeLimit : nil
  }

  /// Throws once the flag is set.
  func check() throws(UFSIOTestError) {
    if let reason { throw UFSIOTestError(.stopped(reason)) }
  }
}
