// Everything that operators say of paths, at one moment.

package import PageStore

/// The rules in force.
package struct CacheRules: Sendable {
  /// That a path is pinned; there is nothing more to say.
  package struct Pin: Sendable, Equatable {}

  /// What may be cached and how long it is fresh; from a file of its own.
  package var filter = CacheFilter()
  /// How long pages stay after they were first cached.
  package var ttl = PrefixRules<Duration>()
  /// Which pages leave before others.
  package var priority = PrefixRules<CachePriority>()
  /// Which pages do not leave.
  package var pins = PrefixRules<Pin>()
  /// How many bytes directories may hold.
  package var quotas = PrefixRules<Int64>()

  /// No rules.
  package init() {}
}
