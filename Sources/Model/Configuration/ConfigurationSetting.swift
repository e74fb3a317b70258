// The effective value of one key.

/// A key's effective value and its origin.
package struct ConfigurationSetting: Sendable, Hashable {
  /// The canonical name, or the writer's spelling of an unknown key.
  package let name: String
  /// The text with references replaced; it may be a secret, see `shown`.
  package let text: String
  /// The text read as the key's kind; plain text for an unknown key.
  package let value: ConfigurationValue
  /// Where the value came from.
  package let source: ConfigurationSource
  /// True when the text is, or is made with, a secret.
  package let isSensitive: Bool

  /// The text for people: a secret reads `******`.
  package var shown: String { isSensitive && !text.isEmpty ? Self.mask : text }

  /// What stands in for a secret.
  package static let mask = "******"
}
