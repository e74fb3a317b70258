// Credentials for a token that somebody else vouches for (Kubernetes service accounts): STS AssumeRoleWithWebIdentity.

import HTTPWire
import Ring

/// Credentials of `AWS_ROLE_ARN` for the token in `AWS_WEB_IDENTITY_TOKEN_FILE`.
struct S3WebIdentityCredentials: S3CredentialSource {
  let name: StaticString = "web-identity"
  /// The variables.
  let environment: CredentialEnvironment
  /// The region whose STS is asked.
  let region: String
  /// How to ask.
  let http: CredentialHTTP
  /// Threads to read the token's file on.
  let pool: BlockingPool

  func fetch() async throws(S3CredentialError) -> S3Credentials? {
    guard let file = environment.value("AWS_WEB_IDENTITY_TOKEN_FILE") else { return nil }
    guard let role = environment.value("AWS_ROLE_ARN") else {
      throw S3CredentialError(
        .refused, name, "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not")
    }
    guard let (origin, _) = CredentialHTTP.split(endpoint) else {
      throw S3CredentialError(.refused, name, "AWS_ENDPOINT_URL_STS is no http URL")
    }
    guard let token = await pool.run({ SmallFile.text(file) }) else {
      throw S3CredentialError(
        .refused, name, "AWS_WEB_IDENTITY_TOKEN_FILE cannot be read: \(file)")
    }
    let session = environment.value("AWS_ROLE_SESSION_NAME") ?? "penstock"
    let body = S3Coding.query([
      ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
      ("RoleSessionName", session), ("WebIdentityToken", token),
    ])
    let reply = try await http.ask(
      .post, origin, "/", fields: [("Content-Type", "application/x-www-form-urlencoded")],
      body: body, within: .seconds(10), for: name)
    guard reply.status == 200 else {
      let code = S3WebIdentityReply.errorCode(reply.body) ?? "\(reply.status)"
      // STS tells with 400 that it could not reach who vouches, or has too much to do.
      let isPassing =
        reply.status >= 500 || reply.status == 429 || Self.passingCodes.contains(code)
      throw S3CredentialError(
        isPassing ? .unavailable : .refused, name,
        "\(endpoint) says \(code) for the role \(role)"
          + (isPassing ? "" : ": look at the role's trust and at the token's file \(file)"))
    }
    do throws(XMLProblem) {
      return try S3WebIdentityReply.credentials(reply.body)
    } catch {
      throw S3CredentialError(.refused, name, "\(endpoint) gives no keys: \(error)")
    }
  }

  /// Codes of refusals that pass.
  private static let passingCodes: Set<String> = [
    "IDPCommunicationError", "Throttling", "ThrottlingException", "RequestLimitExceeded",
    "ServiceUnavailable", "InternalFailure",
  ]

  private var endpoint: String {
    if let named = environment.value("AWS_ENDPOINT_URL_STS") { return named }
    let suffix = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    return "https://sts.\(region).\(suffix)"
  }
}
