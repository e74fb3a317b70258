// One measured run on a disk, ours or fio's.

import Glibc

/// Bytes moved in a time, and the CPU that it took.
struct TierSample {
  var bytes = 0
  var operations = 0
  var seconds = 0.0
  /// CPU seconds, user and system, of the whole process.
  var cpuSeconds = 0.0

  var mibPerSecond: Double { Double(bytes) / Double(1 << 20) / max(seconds, 1e-9) }
  var operationsPerSecond: Double { Double(operations) / max(seconds, 1e-9) }
  var cpuSecondsPerGiB: Double { cpuSeconds * Double(1 << 30) / Double(max(1, bytes)) }
  var cpuMicrosecondsPerOperation: Double { cpuSeconds * 1e6 / Double(max(1, operations)) }
}

/// CPU time of a process, or of the children it waited for.
enum CPUTime {
  /// Seconds of this process and all its threads, the kernel's io_uring workers for it among them.
  static var own: Double { seconds(RUSAGE_SELF.rawValue) }
  /// Seconds of the children that ended.
  static var children: Double { seconds(RUSAGE_CHILDREN.rawValue) }

  private static func seconds(_ who: __rusage_who_t) -> Double {
    var usage = rusage()
    _ = unsafe getrusage(who, &usage)
    return [usage.ru_utime, usage.ru_stime].reduce(0) {
      $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6
    }
  }
}
