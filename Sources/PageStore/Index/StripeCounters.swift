// What a stripe counts under its own lock, so that counting costs no shared cache line.

/// A stripe's gauges and counters other than hits and misses; summed over the stripes when read.
struct StripeCounters {
  var resident: Int64 = 0
  var residentBytes: Int64 = 0
  /// Copies on disk behind one in memory.
  var behind: Int64 = 0
  /// Copies being made of others.
  var moving: Int64 = 0
  var doomed: Int64 = 0
  var doomedBytes: Int64 = 0
  var filling: Int64 = 0
  var joins: UInt64 = 0
  var fills: UInt64 = 0
  var failures: UInt64 = 0
  var rejections: UInt64 = 0
  var evictions: UInt64 = 0
  var evictedBytes: UInt64 = 0
  var drops: UInt64 = 0
  /// Pages of which the last copy left, for whatever reason.
  var departures: UInt64 = 0
}
