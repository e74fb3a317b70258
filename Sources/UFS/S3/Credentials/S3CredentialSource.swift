// A place that credentials may come from.

/// A source of credentials.
protocol S3CredentialSource: Sendable {
  /// Its name in errors.
  var name: StaticString { get }

  /// Fetches credentials, or nil when this source is not set up here.
  ///
  /// On a reactor's thread; suspends. One call at a time.
  ///
  /// - Throws: `.refused`, `.unavailable`: a source that is set up and fails hides those behind it.
  func fetch() async throws(S3CredentialError) -> S3Credentials?
}

/// Credentials that are known from the start.
struct S3StaticCredentials: S3CredentialSource {
  let name: StaticString = "static"
  /// The credentials.
  let credentials: S3Credentials

  func fetch() async throws(S3CredentialError) -> S3Credentials? { credentials }
}
