// Options of an `s3://` mount.
//
//   configuration (alluxio.underfs.s3.*, s3a.*, penstock.underfs.s3.*)  ◀── overridden by the mount's own, same names
//
// `alluxio.underfs.s3a.X` is `alluxio.underfs.s3.X`, and `aws.X` is `s3a.X` (compat §0.4).

import HTTPWire
import Model

/// How a bucket is reached and used.
struct S3Options: Sendable {
  /// Where credentials come from.
  enum CredentialKind: String, Sendable, Hashable, CaseIterable {
    /// The first that is set up: static, environment, web identity, profile, container, and on AWS the instance's.
    ///
    /// Without any, requests to AWS fail and those to other endpoints go unsigned.
    case auto
    case `static`, environment, profile, container, instance, anonymous
    case webIdentity = "web-identity"
  }

  /// Refuses every change.
  var isReadOnly = false
  /// `host`, `host:port` or a URL; nil for AWS.
  var endpoint: String?
  /// The bucket's region; nil finds out, beginning with `AWS_REGION` or us-east-1.
  var region: String?
  /// Puts the bucket into the path; nil decides by the endpoint.
  var isPathStyle: Bool?
  /// Speaks TLS; nil decides by the endpoint: yes for AWS, by its scheme for others.
  var isSecure: Bool?
  /// A proxy for plain HTTP.
  var proxyHost: String?
  /// The proxy's port.
  var proxyPort: UInt16 = 8080
  /// Where credentials come from.
  var credentialKind = CredentialKind.auto
  /// Static credentials.
  var credentials: S3Credentials?
  /// The profile of the shared credentials file.
  var profile: String?
  /// The shared credentials file.
  var credentialsFile: String?
  /// Lists with version 1 of the call.
  var listsVersion1 = false
  /// Deletes many objects with one request.
  var deletesInBulk = true
  /// Puts an empty object for each directory that is made; without it a directory is there once a file lies below it.
  var writesMarkers = true
  /// Permission bits of what is there.
  var mode: UInt16 = 0o700
  /// Asks the store to encrypt what is written.
  var encrypts = false
  /// Says that we pay for requests to somebody else's bucket.
  var requesterPays = false
  /// Time a request may take, its body left out.
  var requestTimeout = Duration.seconds(60)
  /// Time without a byte after which a request fails.
  var socketTimeout = Duration.seconds(50)
  /// Bytes of a part; what is smaller is written with one request.
  var partSize = 64 << 20
  /// Keys of one listing request.
  var listingLength = 1000
  /// How TLS is spoken.
  var tls = TLSOptions()

  /// Options with defaults for everything.
  init() {}

  /// Whether a client of its own is needed: TLS, proxy or timeouts differ from those of the `shared` one.
  func needsOwnClient(_ shared: HTTPClientOptions) -> Bool {
    proxyHost != nil || tls != shared.tls || socketTimeout != shared.stallTimeout
  }
}
