// What can be wrong with a configuration, each told so that its writer can mend it.

/// One reason why a configuration is refused.
package enum ConfigurationProblem: Sendable, Hashable, CustomStringConvertible {
  /// A value is not of its key's kind.
  case badValue(entry: ConfigurationEntry, shown: String, accepted: String)
  /// Two spellings of one key have different values.
  case conflict(ConfigurationEntry, ConfigurationEntry, sensitive: Bool)
  /// References lead back to where they began; the names in order.
  case cycle(entry: ConfigurationEntry, names: [String])
  /// A reference names no known or set key.
  case unknownReference(entry: ConfigurationEntry, reference: String, nearest: String?)
  /// References are nested too deep or expand to too much text.
  case excessiveReference(entry: ConfigurationEntry)
  /// Lists that belong together have different lengths.
  case unpaired(first: String, firstCount: Int, second: String, secondCount: Int)
  /// A `-D` argument without `=` or without a key.
  case badDefinition(String)
  /// A line of a file is not in properties syntax.
  case badLine(path: String, line: Int, reason: String)
  /// A file or directory cannot be read.
  case unreadable(path: String, reason: String)

  /// The problem in one line.
  package var description: String {
    switch self {
    case .badValue(let entry, let shown, let accepted):
      "\(entry.name): '\(shown)' (\(entry.source)) is not accepted; expected \(accepted)"
    case .conflict(let one, let other, let sensitive):
      "\(Self.quote(one, sensitive)) and \(Self.quote(other, sensitive))"
        + " are two spellings of one key with different values; remove one"
    case .cycle(let entry, let names):
      "\(entry.name) (\(entry.source)): references form a cycle: "
        + names.joined(separator: " -> ")
    case .unknownReference(let entry, let reference, let nearest):
      "\(entry.name) (\(entry.source)): ${\(reference)} names no key"
        + (nearest.map { "; did you mean ${\($0)}?" } ?? "")
    case .excessiveReference(let entry):
      "\(entry.name) (\(entry.source)): references are nested too deep or expand to too much text"
    case .unpaired(let first, let firstCount, let second, let secondCount):
      "\(first) and \(second) are paired lists, but have \(firstCount) and \(secondCount) entries"
    case .badDefinition(let text): "-D\(text): expected -Dkey=value"
    case .badLine(let path, let line, let reason): "\(path):\(line): \(reason)"
    case .unreadable(let path, let reason): "\(path): \(reason)"
    }
  }

  private static func quote(_ entry: ConfigurationEntry, _ sensitive: Bool) -> String {
    "\(entry.name)=\(sensitive ? ConfigurationSetting.mask : entry.text) (\(entry.source))"
  }
}
