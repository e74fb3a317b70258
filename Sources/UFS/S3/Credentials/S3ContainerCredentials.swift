// Credentials that a container's agent gives out (ECS tasks, EKS pods).

import HTTPWire
import Ring

/// Credentials behind `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` or `…_FULL_URI`.
struct S3ContainerCredentials: S3CredentialSource {
  let name: StaticString = "container"
  /// The variables.
  let environment: CredentialEnvironment
  /// How to ask.
  let http: CredentialHTTP
  /// Threads to read the token's file on.
  let pool: BlockingPool

  func fetch() async throws(S3CredentialError) -> S3Credentials? {
    let url: String
    if let relative = environment.value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
      url = "http://169.254.170.2\(relative)"
    } else if let full = environment.value("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
      url = full
    } else {
      return nil
    }
    guard let (origin, target) = CredentialHTTP.split(url), isAllowed(origin) else {
      throw S3CredentialError(
        .refused, name,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI is no URL of https, or of http on this host")
    }
    var fields: [(name: String, value: String)] = [("Accept", "application/json")]
    if let token = try await token() { fields.append(("Authorization", token)) }
    let reply = try await http.ask(
      .get, origin, target, fields: fields, within: .seconds(5), for: name)
    guard reply.status == 200 else {
      throw S3CredentialError(
        reply.status >= 500 ? .unavailable : .refused, name,
        "the agent at \(origin) says \(reply.status): has this task or pod a role?")
    }
    guard let found = CredentialDocument.credentials(reply.body) else {
      throw S3CredentialError(.refused, name, "the agent at \(origin) gives no keys")
    }
    return found
  }

  /// Whether an agent may be there: over TLS anywhere, in the clear only on this host.
  private func isAllowed(_ origin: HTTPOrigin) -> Bool {
    if origin.isSecure { return true }
    return origin.host == "localhost" || origin.host.hasPrefix("127.") || origin.host == "::1"
      || ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"].contains(origin.host)
  }

  private func token() async throws(S3CredentialError) -> String? {
    if let path = environment.value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
      guard let text = await pool.run({ SmallFile.text(path) }) else {
        throw S3CredentialError(
          .refused, name, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read: \(path)")
      }
      return text
    }
    return environment.value("AWS_CONTAINER_AUTHORIZATION_TOKEN")
  }
}
