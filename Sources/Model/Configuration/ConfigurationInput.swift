// Everything a configuration is made from, already read: the parsing itself does no I/O.

/// The sources of a configuration.
package struct ConfigurationInput: Sendable {
  /// Arguments of `-D`, each `key=value`; of two for one key the later counts.
  package var definitions: [String] = []
  /// The environment, every variable of it.
  package var environment: [Variable] = []
  /// The site properties file, if there is one.
  package var file: File?
  /// Defaults that only the machine can tell, by canonical name; they replace the registry's.
  package var defaults: [String: String] = [:]

  /// An environment variable.
  package struct Variable: Sendable {
    /// Its name.
    package let name: String
    /// Its text.
    package let text: String

    /// A variable of its parts.
    package init(_ name: String, _ text: String) {
      self.name = name
      self.text = text
    }
  }

  /// A properties file.
  package struct File: Sendable {
    /// Where it lies, as messages show it.
    package let path: String
    /// Its content.
    package let bytes: [UInt8]

    /// A file of its parts.
    package init(path: String, bytes: [UInt8]) {
      self.path = path
      self.bytes = bytes
    }
  }

  /// No source at all: every key has its default.
  package init() {}

  /// The text given to `name`, under exactly this spelling, on the command line or, failing that,
  /// in the environment.
  ///
  /// For what must be known before the site file is found.
  package func earlyText(of name: String) -> String? {
    let prefix = name + "="
    if let definition = definitions.last(where: { $0.hasPrefix(prefix) }) {
      return String(definition.dropFirst(prefix.count)).asciiTrimmed
    }
    let variable = ConfigurationKey.environmentName(of: name)
    return environment.last { $0.name == variable && !$0.text.isEmpty }?.text
  }
}
