// One measured transfer, and the children's CPU time.

import BenchSupport
import Glibc

/// Bytes moved in a time, and the CPU time of the process that moved them.
struct IngestSample {
  var bytes = 0
  /// Objects or keys; 1 for a single large object.
  var items = 1
  var seconds = 0.0
  var cpuSeconds = 0.0

  var mibPerSecond: Double { Double(bytes) / Double(1 << 20) / max(seconds, 1e-9) }
  var itemsPerSecond: Double { Double(items) / max(seconds, 1e-9) }
  var cpuSecondsPerGiB: Double { cpuSeconds * Double(1 << 30) / Double(max(1, bytes)) }

  /// One JSON object.
  var json: String {
    "{\"bytes\":\(bytes),\"items\":\(items),\"seconds\":\(jsonNumber(seconds)),"
      + "\"cpuSeconds\":\(jsonNumber(cpuSeconds))}"
  }

  /// CPU seconds of all children that were waited for.
  static var childSeconds: Double {
    var usage = rusage()
    _ = unsafe getrusage(RUSAGE_CHILDREN.rawValue, &usage)
    return [usage.ru_utime, usage.ru_stime].reduce(0) {
      $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6
    }
  }
}
