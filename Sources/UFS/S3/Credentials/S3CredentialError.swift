// Why there is nobody to sign.

/// Credentials that could not be had.
struct S3CredentialError: Error, Sendable, Hashable {
  /// Kind of failure.
  enum Code: Sendable, Hashable {
    /// No source has any.
    case none
    /// A source that is configured is wrong, or refuses.
    case refused
    /// A source could not be asked just now.
    case unavailable
  }

  /// Kind of failure.
  let code: Code
  /// Where they were to come from; never what was found there.
  let source: StaticString

  /// What is wrong and what helps, for people; names files, variables and addresses, never values.
  let detail: String

  /// A failure of its parts.
  init(_ code: Code, _ source: StaticString, _ detail: String = "") {
    self.code = code
    self.source = source
    self.detail = detail
  }

  /// The word for it in errors, in the style of S3's codes.
  var word: String {
    switch code {
    case .none: "NoCredentials"
    case .refused: "CredentialsRefused:\(source)"
    case .unavailable: "CredentialsUnavailable:\(source)"
    }
  }

  /// The word and the detail.
  var text: String { detail.isEmpty ? word : "\(word): \(detail)" }

  static func == (left: S3CredentialError, right: S3CredentialError) -> Bool {
    left.code == right.code && left.word == right.word
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(code)
    hasher.combine(word)
  }
}
