// How TLS is spoken with servers.

/// Settings of TLS: whom to trust, and who we are.
package struct TLSOptions: Sendable, Hashable {
  /// A PEM file of authorities to trust; nil and no `caPath` trust those of the system.
  package var caFile: String?
  /// A directory of authorities by hash; nil and no `caFile` trust those of the system.
  package var caPath: String?
  /// A PEM file with our certificate and its chain, for servers that ask for one.
  package var clientCertificate: String?
  /// A PEM file with the key of `clientCertificate`; nil looks in the same file.
  package var clientKey: String?
  /// Whether the server's certificate must be valid and name the host.
  package var verifies = true
  /// The name that the certificate must bear and that the server is told; nil takes the origin's host.
  package var serverName: String?

  /// Settings with defaults: the system's authorities, verification, no certificate of ours.
  package init() {}
}
