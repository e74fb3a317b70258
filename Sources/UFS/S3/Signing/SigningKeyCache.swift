// The signing key of today: four digests that every request would repeat.

import Synchronization

/// Keeps the last signing key.
///
/// Shared by all rings.
final class SigningKeyCache: Sendable {
  /// What a key was made of, and the key.
  private struct Entry {
    let secret: String
    let day: String
    let region: String
    let service: String
    let key: [UInt8]
  }

  private let last = Mutex<Entry?>(nil)

  /// An empty cache.
  init() {}

  /// The key of `secret` for `scope`.
  func key(secret: String, in scope: SignatureV4.Scope) -> [UInt8] {
    let day = scope.time.day
    return last.withLock { last in
      if let last, isSameText(last.secret, secret), last.day == day,
        isSameText(last.region, scope.region), isSameText(last.service, scope.service)
      {
        return last.key
      }
      let key = SignatureV4.signingKey(secret: secret, in: scope)
      last = Entry(
        secret: secret, day: day, region: scope.region, service: scope.service, key: key)
      return key
    }
  }
}
