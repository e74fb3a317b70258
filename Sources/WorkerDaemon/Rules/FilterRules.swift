// The rules of a filter for data, or for metadata.

/// Patterns with what they mean, and what holds where none matches.
package struct FilterRules: Sendable {
  /// Paths that are never cached.
  var skipCache: [PathPattern] = []
  /// Paths that are fresh for a while.
  var maxAge: [(pattern: PathPattern, age: Duration)] = []
  /// Paths that never change.
  var immutable: [PathPattern] = []
  /// The only paths that are cached, in the form of 2.x; nil leaves all.
  var allowed: [PathPattern]?
  /// What holds for all others.
  var fallback = FilterAction.standard

  /// What holds for a file with these names.
  ///
  /// Where several rules match, the most careful one wins: skipCache, then the shortest maxAge, then immutable.
  func action(for names: [String]) -> FilterAction {
    func matches(_ pattern: PathPattern) -> Bool { names.contains { pattern.matches($0) } }
    if skipCache.contains(where: matches) { return .skipCache }
    if let allowed, !allowed.contains(where: matches) { return .skipCache }
    if let age = maxAge.lazy.filter({ matches($0.pattern) }).map(\.age).min() {
      return .maxAge(age)
    }
    if immutable.contains(where: matches) { return .immutable }
    return fallback
  }

  /// Number of patterns.
  var count: Int {
    (allowed?.count ?? 0) + skipCache.count + maxAge.count + immutable.count
  }
}
