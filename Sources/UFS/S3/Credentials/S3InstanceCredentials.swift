// Credentials of the machine's role, from the instance metadata service, version 2.
//
//   PUT /latest/api/token ─▶ token     GET …/security-credentials/ ─▶ role     GET …/security-credentials/role ─▶ credentials

import HTTPWire

/// Credentials of an EC2 instance.
struct S3InstanceCredentials: S3CredentialSource {
  let name: StaticString = "instance"
  /// The variables.
  let environment: CredentialEnvironment
  /// How to ask.
  let http: CredentialHTTP
  /// Whether the user said that this is an instance: then a service that does not answer is a failure.
  let isRequired: Bool

  private static let path = "/latest/meta-data/iam/security-credentials/"

  func fetch() async throws(S3CredentialError) -> S3Credentials? {
    if environment.value("AWS_EC2_METADATA_DISABLED")?.lowercased() == "true" { return nil }
    let base =
      environment.value("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
    guard let (origin, _) = CredentialHTTP.split(base) else {
      throw S3CredentialError(
        .refused, name, "AWS_EC2_METADATA_SERVICE_ENDPOINT is no http URL")
    }
    let token: CredentialHTTP.Reply
    do throws(S3CredentialError) {
      token = try await http.ask(
        .put, origin, "/latest/api/token",
        fields: [("X-aws-ec2-metadata-token-ttl-seconds", "21600")], body: "",
        within: .seconds(2), for: name)
    } catch {
      // Elsewhere than on an instance nobody listens at that address.
      if isRequired { throw error }
      return nil
    }
    guard token.status == 200, let text = Self.word(token.body) else {
      if isRequired {
        throw S3CredentialError(
          .refused, name,
          "the metadata service at \(base) gives no token (status \(token.status)): is this an"
            + " instance, with its metadata service on and enough hops for containers?")
      }
      return nil
    }
    let fields = [(name: "X-aws-ec2-metadata-token", value: text)]
    let roles = try await http.ask(
      .get, origin, Self.path, fields: fields, within: .seconds(5), for: name)
    if roles.status == 404 { return nil }
    guard roles.status == 200, let role = Self.word(roles.body) else {
      throw S3CredentialError(
        .unavailable, name, "the metadata service at \(base) names no role: \(roles.status)")
    }
    let reply = try await http.ask(
      .get, origin, Self.path + S3Coding.encode(role), fields: fields, within: .seconds(5),
      for: name)
    guard reply.status == 200, let found = CredentialDocument.credentials(reply.body) else {
      throw S3CredentialError(
        reply.status == 200 ? .refused : .unavailable, name,
        "the metadata service at \(base) gives no keys for the role \(role): \(reply.status);"
          + " look at the instance profile and its trust in ec2.amazonaws.com")
    }
    return found
  }

  /// The first line of a body, when it is visible ASCII and not empty.
  private static func word(_ body: [UInt8]) -> String? {
    let line = body.prefix { $0 != 0x0A && $0 != 0x0D }
    guard !line.isEmpty, line.count <= 4096, line.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      return nil
    }
    return String(decoding: line, as: UTF8.self)
  }
}
