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

  /// The code in STS's refusal; nil when it has none that can be read.
  static func errorCode(_ body: [UInt8]) -> String? {
    // What cannot be read has no code: the status says enough.
    guard let code = try? code(body), !code.isEmpty, code.utf8.count <= 64,
      code.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return nil }
    return code
  }

  private static func code(_ body: [UInt8]) throws(XMLProblem) -> String? {
    var xml = XMLReader(body)
    guard try xml.root() == "ErrorResponse" else { throw .unexpected }
    var code: String?
    while let name = try xml.child() {
      guard name == "Error" else {
        try xml.skip()
        continue
      }
      while let name = try xml.child() {
        if name == "Code" { code = try xml.text() } else { try xml.skip() }
      }
    }
    return code
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
