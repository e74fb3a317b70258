// Names with a placeholder, and the names that fit them.
//
//   {N}      a number of one or two digits     alluxio.worker.tieredstore.level{N}.alias
//   {tier}   one segment, no dot               alluxio.locality.{tier}
//   {key}    anything                          alluxio.master.mount.table.root.option.{key}

/// A template key taken apart.
struct ConfigurationTemplate: Sendable {
  /// The registry's row.
  let key: ConfigurationKey
  /// The name before, inside and after the braces.
  let prefix: String
  private let placeholder: String
  private let suffix: String

  /// The parts of `key`'s name, or nil when it has no placeholder.
  init?(_ key: ConfigurationKey) {
    guard let open = key.name.firstIndex(of: "{"), let close = key.name.firstIndex(of: "}"),
      open < close
    else { return nil }
    self.key = key
    prefix = String(key.name[..<open])
    placeholder = String(key.name[key.name.index(after: open)..<close])
    suffix = String(key.name[key.name.index(after: close)...])
  }

  /// True when `name` fits the template.
  func matches(_ name: String) -> Bool {
    guard let middle = middle(of: name, between: prefix, and: suffix) else { return false }
    switch placeholder {
    case "N": return middle.utf8.count <= 2 && middle.utf8.allSatisfy { ASCII.digit($0) != nil }
    case "tier": return !middle.utf8.contains(UInt8(ascii: "."))
    default: return true
    }
  }

  /// The placeholder's part of an environment variable `name` in this template's shape, or nil.
  func environmentMiddle(of name: String) -> Substring? {
    middle(
      of: name, between: ConfigurationKey.environmentName(of: prefix),
      and: ConfigurationKey.environmentName(of: suffix))
  }

  /// This template's name with `middle` in place of the placeholder.
  func name(with middle: some StringProtocol) -> String { prefix + middle + suffix }

  private func middle(of name: String, between prefix: String, and suffix: String) -> Substring? {
    guard name.hasPrefix(prefix), name.hasSuffix(suffix),
      name.utf8.count > prefix.utf8.count + suffix.utf8.count
    else { return nil }
    return name.dropFirst(prefix.count).dropLast(suffix.count)
  }
}
