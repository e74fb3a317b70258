// Where a value came from.

/// The origin of a configuration value, weakest first.
package enum ConfigurationSource: Sendable, Hashable, CustomStringConvertible {
  /// The registry.
  case `default`
  /// A line, counted from 1, of a properties file.
  case file(path: String, line: Int)
  /// An environment variable.
  case environment(String)
  /// `-Dkey=value`.
  case commandLine

  /// Strength: a value from a source with a greater rank wins.
  package var rank: Int {
    switch self {
    case .default: 0
    case .file: 1
    case .environment: 2
    case .commandLine: 3
    }
  }

  /// The source in words, such as `conf/penstock-site.properties:12`.
  package var description: String {
    switch self {
    case .default: "default"
    case .file(let path, let line): "\(path):\(line)"
    case .environment(let name): "environment \(name)"
    case .commandLine: "command line"
    }
  }
}
