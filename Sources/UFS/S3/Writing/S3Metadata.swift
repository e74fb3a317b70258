// What an object has besides its bytes, as a reply to HEAD tells it and a copy must say it again.

import HTTPWire

/// The metadata of objects.
enum S3Metadata {
  /// Lines that a copy with new metadata takes as the reply to a HEAD gives them.
  private static let names: Set<String> = [
    "content-type", "content-encoding", "content-language", "content-disposition",
    "cache-control", "expires", "x-amz-storage-class", "x-amz-website-redirect-location",
    "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled", "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold",
  ]

  /// The header lines that give a copy the metadata of the object whose head this is, names in lower case.
  ///
  /// Nil when a value is not UTF-8: it could not be said again as it is. The access list is not among them: a HEAD does
  /// not tell it. Tags stay unless a copy says otherwise.
  static func fields(of head: HTTPResponseHead) -> [(name: String, value: String)]? {
    var fields: [(name: String, value: String)]? = []
    unsafe head.forEachField { name, value in
      let name = unsafe String(decoding: name, as: UTF8.self).lowercased()
      guard names.contains(name) || name.hasPrefix("x-amz-meta-") else { return true }
      guard let text = unsafe String(validating: value, as: UTF8.self) else {
        fields = nil
        return false
      }
      fields?.append((name, text))
      return true
    }
    return fields
  }
}
