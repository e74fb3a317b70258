// What one kill and the start after it came to.

import BenchSupport

/// The figures of one kill.
struct CrashRound {
  let instant: CrashInstant
  /// What the worker was started with after the kill.
  var policy = ""
  /// Bytes on the volumes when the load began.
  let before: Int
  /// From execution to ready, and to all pages entered; infinite when that never came.
  var ready = Double.infinity
  var restored = Double.infinity
  /// Bytes on the volumes once restored.
  var after = 0
  /// Share of the bytes read after the restart that came from the cache.
  var hitRatio = 0.0
  /// The largest share of its quota that a tier used right after the restart.
  var fullest = 0.0
  /// What went wrong, in words.
  var problems: [String] = []

  /// All of it in one line.
  var line: String {
    "killed \(fixed(seconds(instant.delay), 4)) s into \(instant.kind.rawValue); ready after"
      + " \(fixed(ready, 3)) s, restored after \(fixed(restored, 3)) s; on disks \(sizeText(before)),"
      + " then \(sizeText(after)); hit ratio \(fixed(hitRatio, 2)); \(policy); \(problems)"
  }
}
