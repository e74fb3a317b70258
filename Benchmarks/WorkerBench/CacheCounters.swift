// What the worker says it served from its cache.

import DaemonDriver

/// The worker's counters of bytes read, at one moment.
struct CacheCounters {
  /// Bytes that came from the cache, and bytes that had to come from the source.
  private let cached: Double
  private let external: Double

  /// The counters that the worker's web port shows now; a counter that is not there yet is 0.
  init(port: UInt16) throws {
    cached = try readMetric("alluxio_cached_data_read_bytes_total", port: port) ?? 0
    external = try readMetric("alluxio_external_data_read_bytes_total", port: port) ?? 0
  }

  /// The share of the bytes since `earlier` that came from the cache.
  func hitRatio(since earlier: CacheCounters) -> Double {
    let hits = cached - earlier.cached
    let misses = external - earlier.external
    return hits + misses > 0 ? hits / (hits + misses) : 0
  }
}
