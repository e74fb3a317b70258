// Who signs. Nothing here can be printed: interpolation and reflection show a placeholder.

/// An access key, its secret, and a session token for those that end.
struct S3Credentials: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The access key's id.
  let keyID: String
  /// The secret key.
  let secret: String
  /// The token of temporary credentials; nil for lasting ones.
  let token: String?
  /// Wall-clock nanoseconds at which they end; nil for those that last.
  let expiry: Int64?

  /// Credentials of their parts.
  init(keyID: String, secret: String, token: String? = nil, expiry: Int64? = nil) {
    self.keyID = keyID
    self.secret = secret
    self.token = token
    self.expiry = expiry
  }

  var description: String { "credentials" }
  var debugDescription: String { "credentials" }
  var customMirror: Mirror { Mirror(self, children: []) }
}
