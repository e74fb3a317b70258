// What a cache filter says of a path.

/// How data or metadata of a path is cached.
package enum FilterAction: Sendable, Equatable {
  /// As the worker's configuration says of every path.
  case standard
  /// Cached, and never asked for again.
  case immutable
  /// Never cached.
  case skipCache
  /// Cached, and asked for again when it is older than this.
  case maxAge(Duration)
}
