// One `key = value` as somebody wrote it.

/// A key in the writer's spelling, the text given to it, and where it was given.
package struct ConfigurationEntry: Sendable, Hashable {
  /// The key as spelled.
  package let name: String
  /// The text as written, references not yet replaced.
  package let text: String
  /// Where it was written.
  package let source: ConfigurationSource

  /// An entry of its parts.
  package init(name: String, text: String, source: ConfigurationSource) {
    self.name = name
    self.text = text
    self.source = source
  }
}
