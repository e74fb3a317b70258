// How TLS can end badly.

/// Why a TLS session is of no more use.
struct TLSFailure {
  /// What it comes to.
  enum Kind {
    /// The peer's certificate is not to be trusted.
    case certificate
    /// The stream ended without the peer saying so.
    case cutShort
    /// Anything else.
    case `protocol`
  }

  let kind: Kind
  let reason: String
}
