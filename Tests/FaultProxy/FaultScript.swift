// Which request meets which fault.

import Synchronization

/// Decides about each request; called on the proxy's thread, in the order of arrival.
package struct FaultScript: Sendable {
  let decide: @Sendable (ProxiedRequest) -> Fault

  /// A script of a closure.
  package init(_ decide: @escaping @Sendable (ProxiedRequest) -> Fault) { self.decide = decide }

  /// Everything passes.
  package static let clean = FaultScript { _ in .none }

  /// Every request meets `fault`.
  package static func always(_ fault: Fault) -> FaultScript { FaultScript { _ in fault } }

  /// The first `count` requests for which `isMeant` meet `fault`, and no later one.
  package static func first(
    _ count: Int, _ fault: Fault,
    where isMeant: @escaping @Sendable (ProxiedRequest) -> Bool = { _ in true }
  ) -> FaultScript {
    let seen = Counter()
    return FaultScript { isMeant($0) && seen.next() < count ? fault : .none }
  }

  /// A share (0 … 1) of the requests meets one of `faults`, chosen by `seed` and the request's number.
  package static func share(
    _ share: Double, of faults: [Fault], seed: UInt64,
    where isMeant: @escaping @Sendable (ProxiedRequest) -> Bool = { _ in true }
  ) -> FaultScript {
    precondition(!faults.isEmpty, "there is a fault to choose")
    return FaultScript { request in
      let draw = mixed(seed &+ UInt64(request.number) &* 0x9e37_79b9_7f4a_7c15)
      guard isMeant(request), Double(draw >> 11) / Double(1 << 53) < share else { return .none }
      return faults[Int(mixed(draw) % UInt64(faults.count))]
    }
  }

  /// A number that goes up.
  private final class Counter: Sendable {
    private let value = Atomic(0)
    func next() -> Int { value.add(1, ordering: .relaxed).oldValue }
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var word = value
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}
