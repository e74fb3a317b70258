// AWS signature version 4 (public description: "Signature Version 4 signing process", AWS General Reference).
//
//   canonical request = method \n path \n query \n (name:value \n)… \n names \n digest of the body
//   text to sign      = AWS4-HMAC-SHA256 \n stamp \n scope \n sha256(canonical request)
//   signing key       = hmac(hmac(hmac(hmac("AWS4" + secret, day), region), service), "aws4_request")
//   signature         = hex(hmac(signing key, text to sign))

import Model

/// What of a request is signed.
struct SignatureV4: Sendable {
  /// The method's token.
  var method: String
  /// The path as sent: percent-encoded once, beginning with a slash.
  var path: String
  /// The query as sent: `S3Coding.query`.
  var query: String
  /// The fields that are signed; names in lower case, in any order.
  var fields: [(name: String, value: String)]
  /// The SHA-256 of the body in hexadecimal, or `UNSIGNED-PAYLOAD`.
  var bodyDigest: String

  /// Where and when a signature holds.
  struct Scope: Sendable, Hashable {
    /// When the request is sent.
    let time: S3Time
    /// The region, such as `us-east-1`.
    let region: String
    /// The service: `s3`, `sts`.
    let service: String

    /// `20130524/us-east-1/s3/aws4_request`.
    var text: String { "\(time.day)/\(region)/\(service)/aws4_request" }
  }

  /// The digest of a body that is not there.
  static let emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  /// Stands for the digest of a body that TLS protects.
  static let unsignedBody = "UNSIGNED-PAYLOAD"

  /// The names of the signed fields, in order, with semicolons between them.
  var signedNames: String {
    fields.map(\.name).sorted(by: isBefore).joined(separator: ";")
  }

  /// The canonical request.
  var canonicalText: String {
    var text = "\(method)\n\(path)\n\(query)\n"
    for field in fields.sorted(by: { isBefore($0.name, $1.name) }) {
      text += "\(field.name):\(Self.trimmed(field.value))\n"
    }
    return text + "\n\(signedNames)\n\(bodyDigest)"
  }

  /// The value of `Authorization` under a key of `signingKey`.
  func authorization(keyID: String, key: [UInt8], in scope: Scope) -> String {
    "AWS4-HMAC-SHA256 Credential=\(keyID)/\(scope.text), SignedHeaders=\(signedNames), "
      + "Signature=\(signature(key: key, in: scope))"
  }

  /// The signature in hexadecimal.
  func signature(key: [UInt8], in scope: Scope) -> String {
    let text =
      "AWS4-HMAC-SHA256\n\(scope.time.stamp)\n\(scope.text)\n\(Digest256(of: canonicalText).hex)"
    return HMAC256.hex(HMAC256.code(key: key, text))
  }

  /// The key for signatures of one day, region and service.
  static func signingKey(secret: String, in scope: Scope) -> [UInt8] {
    var key = Array("AWS4\(secret)".utf8)
    for part in [scope.time.day, scope.region, scope.service, "aws4_request"] {
      key = HMAC256.code(key: key, part)
    }
    return key
  }

  /// `value` without blanks at its ends, and with one space for several inside.
  private static func trimmed(_ value: String) -> String {
    let words = value.utf8.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
    return words.map { String(Substring($0)) }.joined(separator: " ")
  }
}
