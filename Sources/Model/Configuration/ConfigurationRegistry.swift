// The table of all keys, and how a spelling finds its row.
//
// The rows are in `ConfigurationRegistry+….swift`, one file per part of the product.

/// The known configuration keys and their spellings.
package struct ConfigurationRegistry: Sendable {
  /// The keys of this product.
  package static let standard = ConfigurationRegistry(keys: standardKeys)

  /// All keys in the order of the documentation, templates included.
  package let keys: [ConfigurationKey]
  /// Index into `keys` of each spelling of each key that is no template.
  private let indexBySpelling: [String: Int]
  /// The spelling of each environment variable.
  private let spellingByVariable: [String: String]
  /// The keys that are templates.
  private let templates: [ConfigurationTemplate]

  /// A key found under some spelling.
  package struct Match: Sendable {
    /// The registry's row.
    package let key: ConfigurationKey
    /// The canonical name: the row's own, or the concrete name that fits its template.
    package let name: String
  }

  /// A registry of `keys`; no spelling may stand for two of them.
  package init(keys: [ConfigurationKey]) {
    self.keys = keys
    var indexes: [String: Int] = [:]
    var variables: [String: String] = [:]
    for (index, key) in keys.enumerated() where !key.isTemplate {
      for spelling in key.spellings {
        indexes[spelling] = index
        // A variable cannot hold a dash: such a spelling has none.
        guard !spelling.utf8.contains(UInt8(ascii: "-")) else { continue }
        variables[ConfigurationKey.environmentName(of: spelling)] = spelling
      }
    }
    indexBySpelling = indexes
    spellingByVariable = variables
    templates = keys.compactMap(ConfigurationTemplate.init)
  }

  /// The key that `spelling` names, or nil.
  package func match(_ spelling: String) -> Match? {
    if let index = indexBySpelling[spelling] {
      return Match(key: keys[index], name: keys[index].name)
    }
    for name in [spelling, ConfigurationKey.twin(of: spelling) ?? spelling] {
      if let template = templates.first(where: { $0.matches(name) }) {
        return Match(key: template.key, name: name)
      }
    }
    return nil
  }

  /// The spelling that the environment variable `variable` sets, or nil.
  package func spelling(ofVariable variable: String) -> String? {
    if let spelling = spellingByVariable[variable] { return spelling }
    for template in templates {
      guard let middle = template.environmentMiddle(of: variable) else { continue }
      // Upper case lost the case of an option's own name: a known key gives it back.
      let rest = spellingByVariable[String(middle)] ?? middle.lowercased()
      let name = template.name(with: rest)
      if template.matches(name) { return name }
    }
    return nil
  }

  /// The known spelling nearest to `name`, or nil when none is near.
  package func nearest(to name: String) -> String? {
    EditDistance.nearest(to: name, among: indexBySpelling.keys)
  }

  /// The known environment variable nearest to `variable`, or nil when none is near.
  package func nearestVariable(to variable: String) -> String? {
    EditDistance.nearest(to: variable, among: spellingByVariable.keys)
  }
}
