// Reasons beside the path that they are about.

/// What reasons say.
enum ReasonText {
  /// A reason without the path that it begins with, for lines that begin with it themselves.
  static func without(_ path: String, _ reason: String) -> String {
    let head = path.utf8.count + 2
    guard !path.isEmpty, reason.utf8.count > head, reason.utf8.starts(with: path.utf8),
      reason.utf8.dropFirst(path.utf8.count).starts(with: ": ".utf8)
    else { return reason }
    return String(reason.utf8.dropFirst(head)) ?? reason
  }
}
