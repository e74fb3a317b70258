// Small replies of S3: errors, and what multipart uploads, copies and bulk deletions answer.

/// What a small XML reply says, whichever kind it is.
struct S3Reply: Sendable, Hashable {
  /// The root element's name, such as `Error`.
  let root: String
  /// The texts of the root's children that have no children, by name; of several of one name the first.
  private let texts: [String: String]
  /// The `Error` children of a bulk deletion.
  let failures: [Failure]

  /// An object that a bulk deletion could not delete.
  struct Failure: Sendable, Hashable {
    /// The key.
    var key = ""
    /// S3's word for why.
    var code = ""
  }

  /// Reads a reply.
  init(parsing bytes: [UInt8]) throws(XMLProblem) {
    var xml = XMLReader(bytes)
    root = try xml.root()
    var texts: [String: String] = [:]
    var failures: [Failure] = []
    while let name = try xml.child() {
      switch (root, name) {
      case ("DeleteResult", "Error"): failures.append(try Self.failure(&xml))
      case ("DeleteResult", _): try xml.skip()
      default:
        guard Self.leaves.contains(name) else {
          try xml.skip()
          continue
        }
        let text = try xml.text()
        if texts[name] == nil { texts[name] = text }
      }
    }
    try xml.end()
    self.texts = texts
    self.failures = failures
  }

  /// The text of a child; nil when there is none.
  func text(_ name: String) -> String? { texts[name] }

  /// The children that are read; others may hold elements of their own.
  private static let leaves: Set<String> = [
    "Code", "Region", "Endpoint", "Bucket", "UploadId", "ETag", "LastModified", "ServerTime",
  ]

  private static func failure(_ xml: inout XMLReader) throws(XMLProblem) -> Failure {
    var failure = Failure()
    while let name = try xml.child() {
      switch name {
      case "Key": failure.key = try xml.text()
      case "Code": failure.code = try xml.text()
      default: try xml.skip()
      }
    }
    return failure
  }
}
