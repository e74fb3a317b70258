// Environment variables, as a value that tests can make up.

import Glibc

/// What the sources of credentials see of the process's environment.
struct CredentialEnvironment: Sendable {
  /// The variables by name.
  let variables: [String: String]

  /// Made-up variables.
  init(_ variables: [String: String]) { self.variables = variables }

  /// The process's own, as far as they matter here.
  init() {
    var variables: [String: String] = [:]
    for name in Self.names {
      if let value = unsafe getenv(name) { variables[name] = unsafe String(cString: value) }
    }
    self.variables = variables
  }

  /// The value of a variable; nil when it is missing or empty.
  func value(_ name: String) -> String? {
    guard let value = variables[name], !value.isEmpty else { return nil }
    return value
  }

  /// The variables of AWS's tools that are understood here.
  private static let names = [
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
    "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION", "AWS_DEFAULT_REGION",
    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_ENDPOINT_URL_STS",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "HOME",
  ]
}

/// Credentials of `AWS_ACCESS_KEY_ID` and its kin.
struct S3EnvironmentCredentials: S3CredentialSource {
  let name: StaticString = "environment"
  /// The variables.
  let environment: CredentialEnvironment

  func fetch() async throws(S3CredentialError) -> S3Credentials? {
    guard let keyID = environment.value("AWS_ACCESS_KEY_ID") else { return nil }
    guard let secret = environment.value("AWS_SECRET_ACCESS_KEY") else {
      throw S3CredentialError(
        .refused, name, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set together or not at all"
      )
    }
    return S3Credentials(
      keyID: keyID, secret: secret, token: environment.value("AWS_SESSION_TOKEN"))
  }
}
