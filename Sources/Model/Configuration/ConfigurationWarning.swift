// What is odd about a configuration without being wrong.

/// Something the operator should know, though the configuration is used.
package enum ConfigurationWarning: Sendable, Hashable, CustomStringConvertible {
  /// A key that is not in the registry.
  case unknownKey(ConfigurationEntry, nearest: String?)
  /// An `ALLUXIO_…` variable that sets no key.
  case unknownVariable(String, nearest: String?)
  /// A variable in the place of a port that a container platform wrote for a service.
  case serviceVariable(String, key: String)
  /// A key set twice in the same source; the later text counts.
  case setTwice(name: String, earlier: ConfigurationSource, later: ConfigurationSource)
  /// A value that refers to a key without a value, and therefore does not count.
  case unsetReference(ConfigurationEntry, reference: String)
  /// Secrets given on the command line, where every user of the host can read them.
  case secretsShown([String])
  /// Known keys that are set and that this version does not read.
  case notRead([String])
  /// Two site files are there; the first is used.
  case twoSiteFiles(used: String, ignored: String)

  /// The warning in one line.
  package var description: String {
    switch self {
    case .unknownKey(let entry, let nearest):
      "unknown key \(entry.name) (\(entry.source))\(Self.hint(nearest))"
    case .unknownVariable(let name, let nearest):
      "environment variable \(name) sets no known key\(Self.hint(nearest))"
    case .secretsShown(let names):
      "\(names.joined(separator: ", ")): a secret on the command line is in every process list; put it into"
        + " a properties file that only this user can read, or into the environment"
    case .serviceVariable(let name, let key):
      "environment variable \(name) holds a service address, not a port: \(key) is not set by it"
    case .setTwice(let name, let earlier, let later):
      "\(name) is set twice (\(earlier), \(later)); the later one counts"
    case .unsetReference(let entry, let reference):
      "\(entry.name) (\(entry.source)) refers to \(reference), which has no value;"
        + " the setting is ignored"
    case .notRead(let names):
      "accepted, but without effect in this version: \(names.joined(separator: ", "))"
    case .twoSiteFiles(let used, let ignored): "\(ignored) is ignored: \(used) is there too"
    }
  }

  private static func hint(_ nearest: String?) -> String {
    nearest.map { "; did you mean \($0)?" } ?? ""
  }
}
