// Keeps the files a job's pattern matches.

/// A regular expression over the last component of a path; a file is kept when it matches wholly.
package struct LoadFilter {
  /// Longest pattern accepted.
  package static let lengthMax = 1000

  private let expression: Regex<AnyRegexOutput>

  /// The filter of `pattern`, or nil when it is no regular expression or too long.
  package init?(_ pattern: String) {
    guard pattern.utf8.count <= Self.lengthMax else { return nil }
    do { expression = try Regex(pattern) } catch { return nil }
  }

  /// Whether `name` matches wholly; a match that fails to run keeps nothing.
  package func keeps(_ name: String) -> Bool {
    do { return try expression.wholeMatch(in: name) != nil } catch { return false }
  }
}
