// Why a reply is not the XML it should be.

/// What is wrong with a document.
enum XMLProblem: Error, Sendable, Hashable {
  /// It ends inside an element, or before the first.
  case truncated
  /// A character where it cannot be.
  case malformed
  /// Tags that do not match.
  case unbalanced
  /// Elements nested too deeply, or a name or text that is too long.
  case tooLarge
  /// A document type, or an entity that XML itself does not define.
  case unsupported
  /// Text where elements are expected, elements where text is expected, or another root.
  case unexpected
}
