// Which paths a local file system can have, checked before it is asked.

/// The rules for paths below a local mount.
package enum LocalPath {
  /// What names of files that are being written begin with; no client sees or names them.
  package static let temporaryPrefix = ".penstock.tmp-"

  /// Bytes in the longest name of every Linux file system (NAME_MAX).
  static let nameLengthMax = 255
  /// Bytes in the longest path of a system call (PATH_MAX less its NUL).
  static let pathLengthMax = 4095

  /// The first rule that `path` breaks; nil for a path below a root, and for `""`.
  package static func brokenRule(_ path: String) -> PathRule? {
    brokenRule(path, nameLengthMax: nameLengthMax)
  }

  /// The first rule that `path` breaks whatever store it is on: how long a name may be is the store's own rule.
  static func brokenCommonRule(_ path: String) -> PathRule? {
    brokenRule(path, nameLengthMax: pathLengthMax)
  }

  private static func brokenRule(_ path: String, nameLengthMax: Int) -> PathRule? {
    if path.isEmpty { return nil }
    if path.utf8.count > pathLengthMax { return .pathTooLong }
    if path.utf8.contains(0) { return .nul }
    for name in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      if let rule = brokenRule(name: name, nameLengthMax) { return rule }
    }
    return nil
  }

  private static func brokenRule(
    name: Substring.UTF8View, _ nameLengthMax: Int
  ) -> PathRule? {
    if name.isEmpty { return .emptyComponent }
    if name.count > nameLengthMax { return .nameTooLong }
    if name.elementsEqual(".".utf8) { return .dot }
    if name.elementsEqual("..".utf8) { return .dotDot }
    return name.starts(with: temporaryPrefix.utf8) ? .reserved : nil
  }
}
