// One row of the key registry.

/// A configuration key: its name, what it takes, and what it is for.
///
/// A name with a placeholder in braces (`…level{N}.alias`) is a *template*: it stands for all names
/// that fit, see `ConfigurationTemplate`.
package struct ConfigurationKey: Sendable {
  /// The canonical spelling.
  package let name: String
  /// What the value is.
  package let kind: ConfigurationKind
  /// The default as text, `${…}` references and all; nil when the key is unset without a value.
  package let defaultText: String?
  /// One sentence on what the key does.
  package let summary: String
  /// The chapter it belongs to.
  package private(set) var area = ConfigurationArea.general
  /// Other spellings of the same key, beyond those that follow from a pattern.
  package private(set) var aliases: [String] = []
  /// True for a secret, which no output shows.
  package private(set) var isSensitive = false

  /// A key with its default.
  package init(
    _ name: String, _ kind: ConfigurationKind, _ defaultText: String?, _ summary: String
  ) {
    self.name = name
    self.kind = kind
    self.defaultText = defaultText
    self.summary = summary
  }

  /// The same key, known by further spellings.
  package func alias(_ names: String...) -> ConfigurationKey {
    var copy = self
    copy.aliases += names
    return copy
  }

  /// The same key, marked as a secret.
  package var sensitive: ConfigurationKey {
    var copy = self
    copy.isSensitive = true
    return copy
  }

  /// The same key in `area`.
  func placed(in area: ConfigurationArea) -> ConfigurationKey {
    var copy = self
    copy.area = area
    return copy
  }

  /// True when the name has a placeholder.
  package var isTemplate: Bool { name.utf8.contains(UInt8(ascii: "{")) }

  /// True when a part of this version reads the key; others are checked and otherwise ignored.
  package var isRead: Bool {
    isTemplate
      ? Configuration.readTemplates.contains(name) : Configuration.readNames.contains(name)
  }

  /// All spellings, the canonical one first: its own, the aliases, and what patterns make of each.
  package var spellings: [String] {
    var all: [String] = []
    for name in [name] + aliases {
      all.append(name)
      if let twin = ConfigurationKey.twin(of: name) { all.append(twin) }
    }
    return all
  }

  /// The other spelling of `name` by a pattern that covers whole families, or nil.
  package static func twin(of name: String) -> String? {
    for (left, right) in twinPrefixes {
      if name.hasPrefix(left) { return right + name.dropFirst(left.utf8.count) }
      if name.hasPrefix(right) { return left + name.dropFirst(right.utf8.count) }
    }
    return nil
  }

  /// How `name` is written as an environment variable.
  package static func environmentName(of name: String) -> String {
    String(decoding: name.uppercased().utf8.map { $0 == dot ? underscore : $0 }, as: UTF8.self)
  }

  /// Prefixes that may stand for each other.
  private static let twinPrefixes = [
    ("alluxio.master.", "alluxio.coordinator."),
    ("alluxio.underfs.s3.", "alluxio.underfs.s3a."),
    ("alluxio.worker.s3.", "alluxio.proxy.s3."),
  ]
  private static let dot = UInt8(ascii: ".")
  private static let underscore = UInt8(ascii: "_")
}
