// Tests that wait until requests have arrived at a proxy.

/// Who waits for how many requests of which kind.
struct ArrivalWaits {
  private struct Wait {
    var missing: Int
    var isMeant: @Sendable (ProxiedRequest) -> Bool
    var continuation: CheckedContinuation<Bool, Never>
  }

  private var waits: [Int: Wait] = [:]

  /// Remembers who waits for `missing` more requests.
  mutating func add(
    _ id: Int, missing: Int, where isMeant: @escaping @Sendable (ProxiedRequest) -> Bool,
    _ continuation: CheckedContinuation<Bool, Never>
  ) {
    waits[id] = Wait(missing: missing, isMeant: isMeant, continuation: continuation)
  }

  /// Counts a request; who missed no other is told.
  mutating func count(_ request: ProxiedRequest) {
    for (id, wait) in waits where wait.isMeant(request) {
      if wait.missing > 1 {
        waits[id]?.missing -= 1
      } else {
        waits.removeValue(forKey: id)?.continuation.resume(returning: true)
      }
    }
  }

  /// Tells one that it waits no more; nothing when it was told before.
  mutating func end(_ id: Int) {
    waits.removeValue(forKey: id)?.continuation.resume(returning: false)
  }
}
