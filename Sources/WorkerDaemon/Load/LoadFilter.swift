// Keeps the files a job's pattern matches.

/// A regular expression over the last component of a path; a file is kept when it matches wholly.
///
/// Matched in linear time, whatever the pattern is: it comes from users, and one job must not hold up the others.
package struct LoadFilter {
  /// Longest pattern accepted, bytes.
  package static let lengthMax = 1000

  private let pattern: PathPattern

  /// The filter of `pattern`, or nil when ``problem(of:)`` has something to say of it.
  package init?(_ pattern: String) {
    guard pattern.utf8.count <= Self.lengthMax, let pattern = try? PathPattern(pattern) else {
      return nil
    }
    self.pattern = pattern
  }

  /// What is wrong with `pattern`; nil when it can be used.
  package static func problem(of pattern: String) -> String? {
    guard pattern.utf8.count <= lengthMax else {
      return "the file filter is longer than \(lengthMax) bytes"
    }
    do throws(PatternProblem) {
      _ = try PathPattern(pattern)
      return nil
    } catch {
      return "the file filter is no regular expression that can be used: \(error)"
    }
  }

  /// Whether `name` matches wholly.
  package func keeps(_ name: String) -> Bool { pattern.matches(name) }

  /// Whether the last component of `path` matches wholly.
  package func keeps(path: String) -> Bool {
    let name = path.utf8.split(separator: UInt8(ascii: "/")).last
    return keeps(name.map { String(Substring($0)) } ?? "")
  }
}
