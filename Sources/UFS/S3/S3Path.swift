// Which keys are paths, and which paths are keys.

/// The rules for paths below an S3 mount.
enum S3Path {
  /// Bytes in the longest key.
  static let keyLengthMax = 1024

  /// The first rule that `path` breaks; nil for `""` too.
  static func brokenRule(_ path: String) -> PathRule? {
    if path.isEmpty { return nil }
    if path.utf8.count > keyLengthMax { return .pathTooLong }
    if path.utf8.contains(0) { return .nul }
    for name in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      if name.isEmpty { return .emptyComponent }
      if name.elementsEqual(".".utf8) { return .dot }
      if name.elementsEqual("..".utf8) { return .dotDot }
    }
    return nil
  }
}
