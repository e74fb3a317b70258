// The configuration of a process: every key's effective value and where it came from.
//
//   command line (-Dkey=value)  >  environment (ALLUXIO_WORKER_RPC_PORT)
//                               >  conf/penstock-site.properties  >  default
//
// All values are checked when the configuration is built, so that reading one cannot fail.
// `Configuration+Keys.swift` names the keys that this version reads, by the type of their value;
// `Configuration+Values.swift` reads them.

/// The effective values of all keys.
package struct Configuration: Sendable {
  /// What was odd about the sources; to be logged once.
  package let warnings: [ConfigurationWarning]
  /// The keys' table.
  private let registry: ConfigurationRegistry
  /// The settings by canonical name.
  private let settings: [String: ConfigurationSetting]

  /// The configuration that `input` comes to.
  ///
  /// - Parameters:
  ///   - input: The sources.
  ///   - registry: The known keys.
  /// - Throws: every problem of the sources: bad values, conflicting spellings, cycles of
  ///   references, lines out of form.
  package init(
    _ input: ConfigurationInput, registry: ConfigurationRegistry = .standard
  ) throws(ConfigurationError) {
    let builder = try ConfigurationBuilder(input, registry)
    self.registry = registry
    settings = builder.settings
    warnings = builder.warnings
  }

  /// The setting of the key that `spelling` names, in any of its spellings; nil when it has none.
  package func setting(_ spelling: String) -> ConfigurationSetting? {
    settings[registry.match(spelling)?.name ?? spelling]
  }

  /// Every setting in alphabetic order, unknown keys included, unset keys left out.
  package var allSettings: [ConfigurationSetting] {
    settings.values.sorted { $0.name < $1.name }
  }
}
