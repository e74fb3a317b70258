// What STS answers to AssumeRoleWithWebIdentity.

/// A reader for STS's answer.
enum S3WebIdentityReply {
  /// The credentials in STS's answer.
  static func credentials(_ body: [UInt8]) throws(XMLProblem) -> S3Credentials {
    var xml = XMLReader(body)
    guard try xml.root() == "AssumeRoleWithWebIdentityResponse" else { throw .unexpected }
    var found: S3Credentials?
    while let name = try xml.child() {
      guard name == "AssumeRoleWithWebIdentityResult" else {
        try xml.skip()
        continue
      }
      while let name = try xml.child() {
        if name == "Credentials" { found = try one(&xml) } else { try xml.skip() }
      }
    }
    try xml.end()
    guard let found else { throw .unexpected }
    return found
  }

  private static func one(_ xml: inout XMLReader) throws(XMLProblem) -> S3Credentials {
    var values: [String: String] = [:]
    while let name = try xml.child() { values[name] = try xml.text() }
    guard let keyID = values["AccessKeyId"], !keyID.isEmpty,
      let secret = values["SecretAccessKey"], !secret.isEmpty, let token = values["SessionToken"],
      let expiry = S3Time(iso: values["Expiration"] ?? "")
    else { throw .unexpected }
    return S3Credentials(
      keyID: keyID, secret: secret, token: token, expiry: expiry.seconds.nanoseconds)
  }
}
